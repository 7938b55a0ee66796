using System.Net;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>One of the parallel clients: does one thing after the other, chosen by its seed, and remembers what was acknowledged.</summary>
internal sealed class LoadClient : IDisposable
{
    private const int UnfinishedCountMax = 3;
    private const int FileCountMax = 5;
    private const int SmallBytesMax = 64 << 10;
    private const int SessionBytesMax = 256 << 10;
    private const int SeedsPerClient = 1_000_000;

    private readonly Random _random;
    private readonly UploadActions _actions;
    private readonly List<Upload> _uploads = [];
    private int _nextSeed;

    public LoadClient(int seed, int number, IReadOnlyList<Uri> frontEnds, LoadUser user, Traffic traffic)
    {
        _nextSeed = unchecked((seed * 31) + (number * SeedsPerClient));
        _random = new Random(_nextSeed);
        User = user;
        Http = new VaultClient(frontEnds, number, traffic) { User = user };
        _actions = new UploadActions(Http, traffic);
    }

    public LoadUser User { get; }

    public VaultClient Http { get; }

    /// <summary>All that it ever began; read it only while the load stands still.</summary>
    public IReadOnlyList<Upload> Uploads => _uploads;

    private List<Upload> Files => _uploads.FindAll(upload => upload is { FileId: not null, IsDeleteSent: false });

    private List<Upload> Unfinished => _uploads.FindAll(upload => upload is { FileId: null, UploadId: not null });

    public async Task RunAsync(Pace pace, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await StepAsync();
            await pace.RestAsync(stop);
        }
    }

    public void Dispose() => Http.Dispose();

    private Task StepAsync()
    {
        if (Files.Count > FileCountMax)
            return _actions.DeleteAsync(Files[_random.Next(Files.Count)]);
        if (Unfinished.Count > UnfinishedCountMax)
            return FinishAndReadAsync(Unfinished[0]);
        return _random.Next(100) switch
        {
            < 30 => WriteAndReadAsync(New(_random.Next(SmallBytesMax))),
            < 50 => SendAndReadAsync(New(_random.Next(1, SessionBytesMax))),
            < 54 => SendAndReadAsync(New(Upload.PartSizeBytes + _random.Next(1, SessionBytesMax))),
            < 66 => BeginAsync(New(_random.Next(1, SessionBytesMax))),
            < 68 => BeginAsync(New(Upload.PartSizeBytes + _random.Next(1, SessionBytesMax))),
            < 90 => ReadSomeAsync(),
            < 95 => ListAsync(),
            _ => Files is { Count: > 0 } files ? _actions.DeleteAsync(files[_random.Next(files.Count)]) : ListAsync(),
        };
    }

    private async Task WriteAndReadAsync(Upload upload)
    {
        await _actions.WriteWholeAsync(upload);
        await _actions.DownloadAsync(upload);
    }

    private async Task SendAndReadAsync(Upload upload)
    {
        await _actions.CreateAsync(upload);
        // The last part first: numbers, not order, say which bytes a part has.
        if (upload.PartCount > 1 && _random.Next(2) == 0)
            await _actions.PutPartAsync(upload, upload.PartCount);
        await FinishAndReadAsync(upload);
    }

    private async Task FinishAndReadAsync(Upload upload)
    {
        await _actions.FinishAsync(upload);
        await _actions.DownloadAsync(upload);
    }

    /// <summary>A session that stays open for a while, so that faults find parts that were acknowledged long ago.</summary>
    private async Task BeginAsync(Upload upload)
    {
        await _actions.CreateAsync(upload);
        await _actions.PutPartAsync(upload, _random.Next(1, upload.PartCount + 1));
    }

    private async Task ReadSomeAsync()
    {
        var files = Files;
        if (files.Count == 0)
            return;
        var upload = files[_random.Next(files.Count)];
        if (upload.SizeBytes < 2 || _random.Next(3) == 0)
        {
            await _actions.DownloadAsync(upload);
            return;
        }

        var first = _random.Next(upload.SizeBytes - 1);
        await _actions.DownloadRangeAsync(upload, first, _random.Next(1, Math.Min(upload.SizeBytes - first, SmallBytesMax)));
    }

    private async Task ListAsync()
    {
        (await Http.GetAsync("/v1/files?view=owned&limit=100")).Expect(HttpStatusCode.OK);
        (await Http.GetAsync("/v1/uploads?limit=100")).Expect(HttpStatusCode.OK);
    }

    private Upload New(int sizeBytes)
    {
        var upload = new Upload(_nextSeed++, sizeBytes);
        _uploads.Add(upload);
        return upload;
    }
}
