using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.FakeS3;

namespace GrainVault.Storage.Tests.S3;

public sealed class S3DialectTests(FakeS3Fixture fixture) : IClassFixture<FakeS3Fixture>
{
    [Theory]
    [InlineData(null, null, "aws")]
    [InlineData(null, "http://127.0.0.1:9", "generic")]
    [InlineData("aws", "http://127.0.0.1:9", "aws")]
    [InlineData("ceph", "http://127.0.0.1:9", "ceph")]
    [InlineData("seaweedfs", "http://127.0.0.1:9", "seaweedfs")]
    [InlineData("garage", "http://127.0.0.1:9", "garage")]
    [InlineData("r2", "https://example.org", "r2")]
    public void Profile_names_the_dialect_and_the_ledger_keeps_its_own_name(string? profile, string? endpoint, string expected)
    {
        var options = new S3Options { Profile = profile, Endpoint = endpoint, Bucket = "some-bucket", AccessKey = "a", SecretKey = "b" };
        Assert.True(new ObjectsOptionsValidator().Validate(null, new ObjectsOptions { Provider = "s3", S3 = { Profile = profile, Endpoint = endpoint, Bucket = "some-bucket" } }).Succeeded);
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        Assert.Equal((expected, "s3"), (store.Profile.Dialect, store.Profile.Name));
        Assert.InRange(store.Profile.ObjectSizeBytesMax, 4L << 40, 50L << 40);
    }

    [Fact]
    public void Limits_are_those_of_the_server()
    {
        Assert.True(S3Dialect.R2.WantsEqualParts);
        Assert.False(S3Dialect.Aws.WantsEqualParts);
        Assert.False(S3Dialect.Aws.IsPathStyle);
        Assert.All(S3Dialect.All, dialect => Assert.Equal(dialect.Name != "aws", dialect.IsPathStyle));
        Assert.All(S3Dialect.All, dialect => Assert.True(dialect.PartSizeBytesMin < dialect.PartSizeBytesMax && dialect.PutSizeBytesMax <= dialect.ObjectSizeBytesMax));
        var few = S3Dialect.Of(new S3Options { Endpoint = "http://127.0.0.1:9", PartCountMax = 1000 })!;
        Assert.Equal(1000, few.PartCountMax);
        using var store = new S3ObjectStore(
            new S3Options { Endpoint = "http://127.0.0.1:9", PartCountMax = 100, Bucket = "some-bucket", AccessKey = "a", SecretKey = "b" }, TimeProvider.System, null);
        Assert.Equal(100 * (5L << 30), store.Profile.ObjectSizeBytesMax);
    }

    [Fact]
    public async Task Server_that_keeps_checksums_gets_the_one_of_whole_objects()
    {
        fixture.Server.Calls.Clear();
        using var store = Open(S3Dialect.Aws with { IsPathStyle = true });
        var content = Content.Random(1000);
        await store.PutAsync("objects/aws", content);
        Assert.Equal(Convert.ToBase64String(content.Sha256.Span), fixture.Server.LastHeaders["x-amz-checksum-sha256"]);
        using var other = Open(S3Dialect.Ceph);
        await other.PutAsync("objects/ceph", content);
        Assert.False(fixture.Server.LastHeaders.ContainsKey("x-amz-checksum-sha256"));
        Assert.Equal(Convert.ToHexStringLower(content.Sha256.Span), fixture.Server.LastHeaders["x-amz-content-sha256"]);
    }

    [Fact]
    public async Task Bodies_can_go_unsigned()
    {
        using var store = Open(S3Dialect.Generic with { PayloadSigning = S3PayloadSigning.None });
        await store.PutAsync("objects/unsigned", Content.Random(1000));
        Assert.Equal("UNSIGNED-PAYLOAD", fixture.Server.LastHeaders["x-amz-content-sha256"]);
        var id = await store.InitiateAsync("objects/parts");
        var part = await store.PutPartAsync("objects/parts", id, 1, Content.Random(1000));
        Assert.Equal("UNSIGNED-PAYLOAD", fixture.Server.LastHeaders["x-amz-content-sha256"]);
        await store.CompleteAsync("objects/parts", id, [part]);
    }

    private S3ObjectStore Open(S3Dialect dialect)
    {
        var options = FakeS3Fixture.Options(fixture.Server);
        return new S3ObjectStore(options, TimeProvider.System, null, null, null, dialect, S3Client.CredentialsOf(options));
    }
}
