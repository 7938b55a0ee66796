using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GrainVault.TestKit.Processes;

namespace GrainVault.Crash.Tests;

/// <summary>One data directory through many crashes.</summary>
internal sealed class CrashRun : IAsyncDisposable
{
    private const int UploadersAtOnce = 4;
    private const int PartSize = 5 << 20;
    private const int SizeMax = 24 << 20;
    private const int PurgesPerRoundMax = 10;
    private const int AcknowledgedBeforeKillMax = 16;
    private const int DelayBeforeKillMsMax = 200;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KillAtTheLatest = TimeSpan.FromSeconds(15);

    private readonly Random _random;
    private readonly VaultProcess _vault;
    private readonly Action<string> _log;
    private readonly List<Expectation> _uploads = [];
    private readonly string _email = $"{Guid.NewGuid():n}@crash.example";
    private WebhookCheck? _webhook;
    private int _nextSeed;

    private CrashRun(int seed, VaultProcess vault, Action<string> log)
    {
        _random = new Random(seed);
        _nextSeed = seed;
        _vault = vault;
        _log = log;
    }

    private const string Password = "correct horse battery staple";

    public static async Task<CrashRun> CreateAsync(int seed, IReadOnlyDictionary<string, string> settings, Action<string> log)
    {
        var vault = await VaultProcess.StartAsync(settings);
        var run = new CrashRun(seed, vault, log);
        try
        {
            using var http = vault.CreateClient();
            using var answer = await http.PostAsJsonAsync("/v1/auth/signup", new { email = run._email, password = Password });
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            run._webhook = await WebhookCheck.CreateAsync(await run.SignInAsync(http));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Uploads in parallel, kills something at a random moment, starts again and checks every promise.</summary>
    public async Task RoundAsync(int round)
    {
        using (var http = await SignInAsync(_vault.CreateClient()))
        {
            using var stop = new CancellationTokenSource();
            var uploading = UploadAsync(http, stop.Token);
            await ReachMomentAsync();
            var kind = _random.Next(4);
            switch (kind)
            {
                case 0:
                    await _vault.KillPostgresAsync();
                    break;
                case 1:
                    _vault.KillFrontEnd();
                    break;
                default:
                    _vault.KillAll();
                    break;
            }

            await stop.CancelAsync();
            await uploading;
            _log($"round {round}: {kind switch { 0 => "postgres", 1 => "front end", _ => "everything" }} killed, "
                + $"{_uploads.Count(upload => upload.FileId is not null)} files and {_uploads.Sum(upload => upload.AcknowledgedParts.Count)} parts acknowledged");
        }

        await _vault.RestartAsync();
        using var after = await SignInAsync(PatientClient());
        await CheckAsync(after);
    }

    /// <summary>Brings every upload to its end, then checks once more that nothing is left over.</summary>
    public async Task FinishAsync()
    {
        using var http = await SignInAsync(PatientClient());
        var uploader = new Uploader(http);
        foreach (var upload in _uploads.Where(upload => upload.FileId is null))
        {
            Assert.True(await uploader.AdvanceAsync(upload, CancellationToken.None), $"{upload.Name} does not complete");
        }

        await CheckAsync(http);
        var profile = await http.GetFromJsonAsync<JsonNode>("/v1/me");
        Assert.Equal(0, profile!["reservedBytes"]!.GetValue<long>());
        _log($"webhook: {_webhook}");
    }

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        if (_webhook is not null)
            await _webhook.DisposeAsync();
    }

    /// <summary>A moment that is random in work done rather than in time, so that slow machines are killed in mid-work too.</summary>
    private async Task ReachMomentAsync()
    {
        var goal = Acknowledged() + _random.Next(AcknowledgedBeforeKillMax);
        var clock = Stopwatch.StartNew();
        while (Acknowledged() < goal && clock.Elapsed < KillAtTheLatest)
        {
            await Task.Delay(1);
        }

        await Task.Delay(_random.Next(DelayBeforeKillMsMax));
    }

    private int Acknowledged()
    {
        lock (_uploads)
        {
            return _uploads.Sum(upload => upload.AcknowledgedParts.Count + (upload.FileId is null ? 0 : 1));
        }
    }

    private async Task UploadAsync(HttpClient http, CancellationToken stop)
    {
        var uploader = new Uploader(http);
        var queue = new ConcurrentQueue<Expectation>(_uploads.Where(upload => upload.FileId is null));
        var purge = PurgeSomeAsync(uploader, stop);
        await Task.WhenAll(Enumerable.Range(0, UploadersAtOnce).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                var upload = queue.TryDequeue(out var unfinished) ? unfinished : NewUpload();
                if (!await uploader.AdvanceAsync(upload, stop))
                {
                    break;
                }
            }
        }));
        await purge;
    }

    /// <summary>Deletes what an earlier round has seen whole: deletes are cut off too, and long runs stay within their disk.</summary>
    private async Task PurgeSomeAsync(Uploader uploader, CancellationToken stop)
    {
        var doomed = _uploads.Where(upload => upload.SeenWhole && !upload.DeleteAcknowledged && _random.Next(3) > 0).Take(PurgesPerRoundMax).ToList();
        foreach (var upload in doomed)
        {
            if (!await uploader.PurgeAsync(upload, stop))
            {
                return;
            }
        }
    }

    private Expectation NewUpload()
    {
        lock (_uploads)
        {
            // One in three is small enough for one request; the empty file is among them.
            var size = _random.Next(3) == 0 ? _random.Next(0, PartSize) : _random.Next(PartSize, SizeMax);
            var upload = new Expectation(_nextSeed++, size, PartSize);
            _uploads.Add(upload);
            return upload;
        }
    }

    /// <summary>A client for when everything is there again.</summary>
    private HttpClient PatientClient() => new(new PatientHandler()) { BaseAddress = _vault.Address, Timeout = AnswerWithin };

    private async Task<HttpClient> SignInAsync(HttpClient http)
    {
        using var patient = PatientClient();
        using var answer = await patient.PostAsJsonAsync("/v1/auth/login", new { email = _email, password = Password });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var token = (await answer.Content.ReadFromJsonAsync<JsonNode>())!["accessToken"]!.GetValue<string>();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private async Task CheckAsync(HttpClient http)
    {
        await CheckPartsAsync(http);
        await CheckFilesAsync(http);
        await CheckDeletedAsync(http);
        await CheckQuotaAsync(http);
        await CheckLedgerAsync();
        await _webhook!.CheckAsync(http, _uploads);
    }

    private async Task CheckPartsAsync(HttpClient http)
    {
        foreach (var upload in _uploads.Where(upload => upload.UploadId is not null && !upload.DeleteAcknowledged))
        {
            var session = await http.GetFromJsonAsync<JsonNode>($"/v1/uploads/{upload.UploadId}");
            if (session!["state"]!.GetValue<string>() != "open")
            {
                continue;
            }

            Assert.Null(upload.FileId);
            var parts = session["parts"]!.AsArray().ToDictionary(part => part!["number"]!.GetValue<int>(), part => part!["etag"]!.GetValue<string>());
            foreach (var (number, etag) in upload.AcknowledgedParts)
            {
                Assert.True(parts.TryGetValue(number, out var stored), $"part {number} of {upload.Name} was acknowledged and is gone");
                Assert.Equal(etag, stored);
            }
        }
    }

    private async Task CheckFilesAsync(HttpClient http)
    {
        foreach (var upload in _uploads.Where(upload => upload.FileId is not null && !upload.DeleteAcknowledged))
        {
            using var answer = await http.GetAsync($"/v1/files/{upload.FileId}/content");
            if (upload.DeleteSent && answer.StatusCode == HttpStatusCode.NotFound)
            {
                upload.DeleteAcknowledged = true;
                continue;
            }

            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{upload.Name} was acknowledged and answers {(int)answer.StatusCode}");
            Assert.Equal(upload.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(await answer.Content.ReadAsStreamAsync())));
            upload.SeenWhole = true;
        }
    }

    private async Task CheckDeletedAsync(HttpClient http)
    {
        foreach (var upload in _uploads.Where(upload => upload.DeleteAcknowledged))
        {
            using var answer = await http.GetAsync($"/v1/files/{upload.FileId}");
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{upload.Name} was deleted and is back");
        }
    }

    private async Task CheckQuotaAsync(HttpClient http)
    {
        var used = 0L;
        string? cursor = null;
        do
        {
            var next = cursor is null ? "" : $"&cursor={WebUtility.UrlEncode(cursor)}";
            var page = await http.GetFromJsonAsync<JsonNode>($"/v1/files?view=owned&limit=1000{next}");
            used += page!["entries"]!.AsArray().Sum(entry => entry!["size"]!.GetValue<long>());
            cursor = page["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);

        var uploads = await http.GetFromJsonAsync<JsonNode>("/v1/uploads?limit=1000");
        var reserved = uploads!["uploads"]!.AsArray().Sum(upload => upload!["size"]?.GetValue<long>() ?? 0);
        var profile = await http.GetFromJsonAsync<JsonNode>("/v1/me");
        Assert.Equal(used, profile!["usedBytes"]!.GetValue<long>());
        Assert.Equal(reserved, profile["reservedBytes"]!.GetValue<long>());
    }

    /// <summary>fsck must find nothing lost; what a crash leaked is in the ledger and waits for its deadline.</summary>
    private async Task CheckLedgerAsync()
    {
        var (code, text) = await _vault.RunCliAsync("fsck");
        Assert.True(code == 0, text);
    }
}
