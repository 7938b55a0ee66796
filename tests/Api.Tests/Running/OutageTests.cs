using System.Net;
using System.Security.Cryptography;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Dependencies that go away and come back: 503 with <c>Retry-After</c> meanwhile, and recovery by itself.</summary>
public sealed class OutageTests
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly byte[] Part = RandomNumberGenerator.GetBytes(PartSize);

    [Fact]
    public async Task Postgres_that_dies_in_the_middle_is_503_and_no_acknowledged_part_is_lost()
    {
        await using var vault = await VaultProcess.StartAsync(VaultFixture.Settings());
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 3 * PartSize);
        await StoreAsync(user, upload, 1);

        await vault.KillPostgresAsync();
        await UnavailableAsync(() => user.Http.GetAsync("/v1/me"));
        await EventuallyStoredAsync(user, upload, 2);
        await EventuallyStoredAsync(user, upload, 3);
        await CompleteAsync(user, upload);
    }

    [Fact]
    public async Task S3_server_that_stops_in_the_middle_is_503_and_no_acknowledged_part_is_lost()
    {
        await using var s3 = await S3Server.StartAsync(persistent: true);
        await using var vault = await VaultProcess.StartAsync(S3Settings(s3));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 3 * PartSize);
        await StoreAsync(user, upload, 1);

        await s3.StopAsync();
        await UnavailableAsync(() => user.PutPartAsync(IdOf(upload), 2, Part));
        using (var ready = await user.Http.GetAsync("/healthz/ready"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            var down = (await JsonAsync(ready)).GetProperty("dependencies").EnumerateArray().Where(one => one.GetProperty("status").GetString() == "down");
            Assert.Equal("objects", Assert.Single(down).GetProperty("name").GetString());
        }

        // After enough failures the server is not asked any more, and the answer comes at once.
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => UnavailableAsync(() => user.PutPartAsync(IdOf(upload), 2, Part))));
                return vault.Log.Contains("The breaker of s3 opened", StringComparison.Ordinal);
            },
            Recovery,
            () => "the breaker does not open");
        await s3.StartAgainAsync();
        await EventuallyStoredAsync(user, upload, 2);
        await EventuallyStoredAsync(user, upload, 3);
        Assert.Contains("The breaker of s3 closed", vault.Log, StringComparison.Ordinal);
        await CompleteAsync(user, upload);
    }

    [Fact]
    public async Task Main_job_runs_on_s3_with_ranges_and_small_files()
    {
        var s3 = await S3ServerFixture.ServerAsync();
        await using var vault = await VaultProcess.StartAsync(S3Settings(s3));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 3 * PartSize);
        await Task.WhenAll(new[] { 3, 1, 2 }.Select(number => StoreAsync(user, upload, number)));
        var file = await CompleteAsync(user, upload);
        using var range = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{file}/content");
        range.Headers.TryAddWithoutValidation("Range", $"bytes={PartSize - 10}-{PartSize + 9}");
        using var answer = await user.Http.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        byte[] seam = [.. Part[^10..], .. Part[..10]];
        Assert.Equal(seam, await answer.Content.ReadAsByteArrayAsync());

        var small = await user.PutFileAsync("small", Part[..1000]);
        Assert.Equal(Part[..1000], await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(small)}/content"));
    }

    [Fact]
    public async Task Full_disk_is_store_full_and_room_makes_it_work_again()
    {
        using var folder = new TestFolder();
        var settings = VaultFixture.Settings();
        settings["GrainVault__Objects__Disk__Directory"] = folder["objects"];
        await using var vault = await VaultProcess.StartAsync(settings, OnSmallDisk(folder.Path));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 3 * PartSize);
        await StoreAsync(user, upload, 1);
        await StoreAsync(user, upload, 2);
        var before = await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}");
        await RefusedAsync(user.PutPartAsync(IdOf(upload), 3, Part), 503, "store-full");
        await RefusedAsync(user.Http.PostAsync("/v1/files?name=y", new ByteArrayContent(Part)), 503, "store-full");
        Assert.Equal(before.GetRawText(), (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetRawText());

        File.Delete($"/proc/{vault.Pid}/root{folder["filler"]}");
        await EventuallyStoredAsync(user, upload, 3);
        await CompleteAsync(user, upload);
    }

    /// <summary>
    /// A launcher that puts a tmpfs of 64 MiB under the folder, 52 MiB of it taken by a file to delete later. The mount is seen
    /// by the program alone, ends with it, and needs no right that an ordinary user lacks (user_namespaces(7)).
    /// </summary>
    private static IReadOnlyList<string> OnSmallDisk(string folder)
    {
        const string Script =
            "mount -t tmpfs -o size=64m,mode=755 grainvault-test \"$0\" && head -c 54525952 /dev/zero > \"$0/filler\" && exec \"$GRAINVAULT_PROGRAM\"";
        string[] namespaces = Environment.IsPrivilegedProcess ? ["--mount"] : ["--user", "--keep-caps", "--map-current-user", "--mount"];
        return ["unshare", .. namespaces, "sh", "-c", Script, folder];
    }

    [Fact]
    public async Task Signups_of_one_address_are_limited()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__SignupsPerMinute"] = "3";
        await using var vault = await VaultProcess.StartAsync(settings);
        using var http = VaultFixture.CreateClient(vault);
        for (var i = 0; i < 3; i++)
            await Account.SignUpAsync(http);
        var problem = await RefusedAsync(
            http.PostAsync("/v1/auth/signup", new StringContent("""{"email":"a@b.c","password":"long enough password"}""", null, "application/json")), 429, "throttled");
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
    }

    internal static Dictionary<string, string> S3Settings(S3Server s3)
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Objects__Provider"] = "s3";
        settings["GrainVault__Objects__S3__Endpoint"] = s3.Endpoint;
        settings["GrainVault__Objects__S3__Bucket"] = $"b{Guid.NewGuid():n}";
        settings["GrainVault__Objects__S3__AccessKey"] = S3Server.AccessKey;
        settings["GrainVault__Objects__S3__SecretKey"] = S3Server.SecretKey;
        settings["GrainVault__Objects__S3__ForcePathStyle"] = "true";
        return settings;
    }

    private static async Task StoreAsync(Account user, System.Text.Json.JsonElement upload, int number)
    {
        using var response = await user.PutPartAsync(IdOf(upload), number, Part);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static Task EventuallyStoredAsync(Account user, System.Text.Json.JsonElement upload, int number) => Eventually.TrueAsync(
        async () =>
        {
            using var response = await user.PutPartAsync(IdOf(upload), number, Part);
            Assert.Contains(response.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
            return response.StatusCode == HttpStatusCode.OK;
        },
        Recovery,
        () => "uploads do not recover");

    private static Task UnavailableAsync(Func<Task<HttpResponseMessage>> send) => Eventually.TrueAsync(
        async () =>
        {
            using var response = await send();
            return response.StatusCode == HttpStatusCode.ServiceUnavailable;
        },
        TimeSpan.FromSeconds(10),
        () => "the outage is not told");

    private static async Task<string> CompleteAsync(Account user, System.Text.Json.JsonElement upload)
    {
        HttpResponseMessage response;
        do
            response = await user.CompleteAsync(IdOf(upload));
        while (response.StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var id = IdOf(await JsonAsync(response));
        byte[] whole = [.. Part, .. Part, .. Part];
        Assert.Equal(whole, await user.Http.GetByteArrayAsync($"/v1/files/{id}/content"));
        return id;
    }
}
