using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage.Tests;

public sealed class ObjectsOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grainvault-store-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Disk_below_the_data_directory_is_the_default()
    {
        await using var services = Build(("GrainVault:Data:Directory", _folder));
        var store = services.GetRequiredService<IObjectStore>();
        Assert.Equal("disk", store.Profile.Name);
        Assert.Same(store, services.GetRequiredService<IMultipartStore>());
        Assert.Same(store, services.GetRequiredService<IRangedReadStore>());
        Assert.Same(store, services.GetRequiredService<IListingStore>());
        Assert.Same(store, services.GetRequiredService<IPresigningStore>());
        Assert.Same(store, services.GetRequiredService<ICopyingStore>());
        Assert.Same(store, services.GetRequiredService<ISignedUrlStore>());
        await store.PutAsync("objects/a", Conformance.Content.Random(10));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_folder, "objects"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task S3_has_every_capability()
    {
        await using var services = Build(
            ("GrainVault:Objects:Provider", "s3"), ("GrainVault:Objects:S3:Bucket", "some-bucket"), ("GrainVault:Objects:S3:Endpoint", "http://127.0.0.1:9"),
            ("GrainVault:Objects:S3:AccessKey", "a"), ("GrainVault:Objects:S3:SecretKey", "b"), ("GrainVault:Objects:S3:WriteTimeout", "00:02:00"));
        var store = services.GetRequiredService<IObjectStore>();
        Assert.Equal("s3", store.Profile.Name);
        Assert.Equal(TimeSpan.FromSeconds(130), store.Profile.WriteTimeout);
        Assert.Same(store, services.GetRequiredService<IPresigningStore>());
        Assert.Same(store, services.GetRequiredService<ICopyingStore>());
        Assert.Null(services.GetService<ISignedUrlStore>());
        Assert.Same(store, services.GetRequiredService<IMultipartStore>());
    }

    [Theory]
    [InlineData("Provider", "tape", "GrainVault:Objects:Provider is 'tape'; allowed: disk, s3.")]
    [InlineData("Disk:ThreadCount", "0", "GrainVault:Objects:Disk:ThreadCount is '0'; allowed: 1 to 256.")]
    [InlineData("Disk:QueueLengthMax", "0", "GrainVault:Objects:Disk:QueueLengthMax is '0'; allowed: 1 to 100000.")]
    [InlineData("S3:Endpoint", "localhost:9000", "GrainVault:Objects:S3:Endpoint is 'localhost:9000'; allowed: an http or https URL without user, query and fragment.")]
    [InlineData("S3:PublicEndpoint", "ftp://x", "GrainVault:Objects:S3:PublicEndpoint is 'ftp://x'; allowed: an http or https URL without user, query and fragment.")]
    [InlineData("S3:Bucket", "A_b", "GrainVault:Objects:S3:Bucket is 'A_b'; allowed: 3 to 63 characters of [a-z0-9.-], first and last of [a-z0-9].")]
    [InlineData("S3:Profile", "minio", "GrainVault:Objects:S3:Profile is 'minio'; allowed: aws, ceph, seaweedfs, garage, r2, generic.")]
    [InlineData("S3:Profile", "ceph", "GrainVault:Objects:S3:Endpoint is ''; allowed: with Objects:S3:Profile 'ceph', the URL of the server.")]
    [InlineData("S3:PartCountMax", "10001", "GrainVault:Objects:S3:PartCountMax is '10001'; allowed: 1 to 10000.")]
    [InlineData("S3:ReadCountMax", "0", "GrainVault:Objects:S3:ReadCountMax is '0'; allowed: 1 to 10000.")]
    [InlineData("S3:WriteQueueLengthMax", "-1", "GrainVault:Objects:S3:WriteQueueLengthMax is '-1'; allowed: 0 to 100000.")]
    [InlineData("S3:WriteQueueWait", "00:00:00", "GrainVault:Objects:S3:WriteQueueWait is '00:00:00'; allowed: 00:00:00.0100000 to 00:10:00.")]
    [InlineData("S3:CopyTimeout", "2.00:00:00", "GrainVault:Objects:S3:CopyTimeout is '2.00:00:00'; allowed: 00:00:01 to 1.00:00:00.")]
    [InlineData("Disk:PublicUrl", "files", "GrainVault:Objects:Disk:PublicUrl is 'files'; allowed: an http or https URL without user, query and fragment.")]
    [InlineData("S3:Region", "us east", "GrainVault:Objects:S3:Region is 'us east'; allowed: a region name such as us-east-1.")]
    [InlineData("S3:ConnectionCountMax", "0", "GrainVault:Objects:S3:ConnectionCountMax is '0'; allowed: 1 to 20000.")]
    [InlineData("S3:RetryCountMax", "11", "GrainVault:Objects:S3:RetryCountMax is '11'; allowed: 0 to 10.")]
    [InlineData("S3:ConnectTimeout", "00:02:00", "GrainVault:Objects:S3:ConnectTimeout is '00:02:00'; allowed: 00:00:00.1000000 to 00:01:00.")]
    [InlineData("S3:WriteTimeout", "00:00:00", "GrainVault:Objects:S3:WriteTimeout is '00:00:00'; allowed: 00:00:01 to 01:00:00.")]
    public void Wrong_value_is_one_line_with_key_value_and_what_is_allowed(string key, string value, string expected)
    {
        var settings = new Dictionary<string, string?>
        {
            ["GrainVault:Objects:Provider"] = key.StartsWith("S3", StringComparison.Ordinal) ? "s3" : "disk",
            ["GrainVault:Objects:S3:Bucket"] = "some-bucket",
            [$"GrainVault:Objects:{key}"] = value,
        };
        using var services = Build([.. settings.Select(pair => (pair.Key, pair.Value!))]);
        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<ObjectsOptions>>().Value);
        Assert.Equal([expected], error.Failures);
    }

    [Fact]
    public void Key_without_secret_is_refused_and_no_message_holds_the_secret()
    {
        var validator = new ObjectsOptionsValidator();
        var options = new ObjectsOptions { Provider = "s3", S3 = { Bucket = "some-bucket", SecretKey = "do-not-tell" } };
        var failure = Assert.Single(validator.Validate(null, options).Failures!);
        Assert.StartsWith("GrainVault:Objects:S3:AccessKey is ''; allowed: set together with S3:SecretKey", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("do-not-tell", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_of_uploads_without_its_secret_is_refused_and_no_message_holds_the_secret()
    {
        var validator = new ObjectsOptionsValidator();
        var options = new ObjectsOptions { Provider = "s3", S3 = { Bucket = "some-bucket", UploadSecretKey = "do-not-tell" } };
        var failure = Assert.Single(validator.Validate(null, options).Failures!);
        Assert.StartsWith("GrainVault:Objects:S3:UploadAccessKey is ''; allowed: set together with S3:UploadSecretKey", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("do-not-tell", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Bodies_go_unsigned_over_https_alone()
    {
        var validator = new ObjectsOptionsValidator();
        var options = new ObjectsOptions { Provider = "s3", S3 = { Bucket = "some-bucket", Endpoint = "http://127.0.0.1:9", PayloadSigning = GrainVault.Storage.S3.S3PayloadSigning.None } };
        Assert.Equal(["GrainVault:Objects:S3:PayloadSigning is 'None'; allowed: Hash, since nothing else protects bodies over http."], validator.Validate(null, options).Failures!);
        options.S3.Endpoint = "https://s3.example.org";
        Assert.True(validator.Validate(null, options).Succeeded);
    }

    [Fact]
    public void Defaults_are_valid()
    {
        var validator = new ObjectsOptionsValidator();
        Assert.True(validator.Validate(null, new ObjectsOptions { Disk = { Directory = "x" } }).Succeeded);
        Assert.True(validator.Validate(null, new ObjectsOptions { Provider = "s3", S3 = { Bucket = "some-bucket" } }).Succeeded);
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value)).Build();
        return new ServiceCollection().AddLogging().AddObjectStore(configuration).BuildServiceProvider();
    }
}
