using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>Bytes that no silo sees need no silo on their way.</summary>
[Collection(OneCluster.Name)]
public sealed class DirectUploadTests(ClusterFixture fixture, ITestOutputHelper output) : IDisposable
{
    private const int PartSizeBytes = 64 << 20;
    private const int PartCount = 32;
    private const long SizeBytes = (long)PartCount * PartSizeBytes;
    private const int ParallelCount = 4;

    /// <summary>Parts that are there when the silos are killed; the next ones are on their way.</summary>
    private const int BeforeKillCount = 12;

    /// <summary>Parts whose sending begins when no silo is left.</summary>
    private const int AfterKillCount = 12;

    private const int ReadSizeBytes = 1 << 20;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_GiB_that_curl_sends_straight_to_the_store_survive_the_death_of_every_silo()
    {
        var writing = Task.Run(WriteParts);
        var cluster = await fixture.CalmAsync();
        var processes = cluster.Processes;
        using var client = new VaultClient(processes.FrontEndAddresses, 0, new Traffic());
        client.User = await LoadUser.SignUpAsync(client);
        var (session, urls) = await BeginAsync(client);
        var expected = await writing;
        var clock = Stopwatch.StartNew();

        var sent = 0;
        var isInTheMiddle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killing = KillAsync();
        await Parallel.ForEachAsync(Enumerable.Range(1, PartCount), new ParallelOptions { MaxDegreeOfParallelism = ParallelCount }, async (number, _) =>
        {
            if (number > PartCount - AfterKillCount)
                await killing;
            await SendAsync(PartFile(number), urls[number]);
            if (Interlocked.Increment(ref sent) == BeforeKillCount)
                isInTheMiddle.SetResult();
        });
        var uploaded = clock.Elapsed;
        Assert.DoesNotContain(processes.Silos, silo => silo.IsRunning);
        await cluster.StartAllAsync();
        var restarted = clock.Elapsed;

        var completed = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/v1/uploads/{session}/complete"));
        var file = completed.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>();
        var stored = await HashAsync(new Uri(processes.FrontEndAddresses[0], $"/v1/files/{file}/content?redirect=true"), client.User);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sent in {uploaded.TotalSeconds:f1} s, silos back after {restarted.TotalSeconds:f1} s, read and compared after {clock.Elapsed.TotalSeconds:f1} s"));
        Assert.Equal((SizeBytes, expected), stored);
        (await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, $"/v1/files/{file}?permanent=true"))).Expect(HttpStatusCode.NoContent);

        async Task KillAsync()
        {
            await isInTheMiddle.Task;
            await Task.WhenAll(processes.Silos.Select(silo => silo.KillAsync()));
        }
    }

    private string PartFile(int number) => _folder[string.Create(CultureInfo.InvariantCulture, $"part-{number}")];

    /// <summary>Sparse files that differ at both ends, so that none can stand for another; SHA-256 of all of them.</summary>
    private string WriteParts()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var zeros = new byte[PartSizeBytes - (2 * sizeof(long))];
        var mark = new byte[sizeof(long)];
        for (var number = 1; number <= PartCount; number++)
        {
            using var part = File.Create(PartFile(number));
            part.SetLength(PartSizeBytes);
            BinaryPrimitives.WriteInt64LittleEndian(mark, number);
            part.Write(mark);
            part.Seek(-mark.Length, SeekOrigin.End);
            part.Write(mark);
            hash.AppendData(mark);
            hash.AppendData(zeros);
            hash.AppendData(mark);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<(string Session, Dictionary<int, string> Urls)> BeginAsync(VaultClient client)
    {
        var created = await client.SendAsync(() => Post("/v1/uploads", new { name = "direct.bin", size = SizeBytes, partSize = PartSizeBytes, mode = "direct" }));
        var session = created.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>();
        var presigned = await client.SendAsync(() => Post($"/v1/uploads/{session}/presign", new { parts = Enumerable.Range(1, PartCount) }));
        var urls = presigned.Expect(HttpStatusCode.OK).Json["parts"]!.AsArray()
            .ToDictionary(part => part!["number"]!.GetValue<int>(), part => part!["url"]!.GetValue<string>());
        return (session, urls);
    }

    private static HttpRequestMessage Post(string path, object body) => new(HttpMethod.Post, path) { Content = JsonContent.Create(body) };

    private static async Task SendAsync(string file, string url)
    {
        using var curl = Process.Start(new ProcessStartInfo("curl", ["-sSf", "--retry", "5", "--noproxy", "*", "-o", "/dev/null", "-T", file, url]) { RedirectStandardError = true })!;
        var complaint = await curl.StandardError.ReadToEndAsync();
        await curl.WaitForExitAsync();
        Assert.True(curl.ExitCode == 0, $"curl of {Path.GetFileName(file)} ended with {curl.ExitCode}: {complaint}");
    }

    /// <summary>Size and SHA-256 of what is there, read from where the front end sends readers.</summary>
    private static async Task<(long SizeBytes, string Sha256)> HashAsync(Uri content, LoadUser user)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", user.AccessToken);
        await using var body = await http.GetStreamAsync(content);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ReadSizeBytes];
        var size = 0L;
        while (await body.ReadAsync(buffer) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            size += read;
        }

        return (size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
