using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using GrainVault.Data;
using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Audit;

/// <summary>
/// What is audited without anybody waiting for it: downloads by others than the owner, and failed sign-ins. It is written within about a
/// second, in batches; a silo that is killed loses that second, and what comes faster than the database takes it is dropped and counted.
/// </summary>
internal sealed class AuditQueue(CatalogueDatabase database, IOptions<AuditOptions> options, TimeProvider time, ILogger<AuditQueue> logger) : BackgroundService
{
    /// <summary>Rows of one transaction.</summary>
    private const int BatchCountMax = 100;

    /// <summary>Downloads that are remembered, so that each makes one row.</summary>
    private const int RecentCountMax = 10_000;

    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ForgetPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(5);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(
        new BoundedChannelOptions(options.Value.QueueCountMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ConcurrentDictionary<(string Who, string EntryId, int Version), long> _recent = [];
    private long _forgotAt = time.GetTimestamp();

    /// <summary>Puts down something that the caller of now does.</summary>
    public void Add(string ownerId, string? entryId, AuditNote note)
    {
        if (!_waiting.Writer.TryWrite(new Waiting(ownerId, entryId, note, AuditContext.Now())))
            GrainsMeter.AuditDropped(1);
    }

    /// <summary>
    /// Puts down that the caller, who is not the owner, opened content; not again within <see cref="AuditOptions.DownloadWindow"/>, since
    /// a download may come in many ranges.
    /// </summary>
    public void Downloaded(string ownerId, string entryId, int version)
    {
        // Whom nobody knows is told apart by the address.
        var who = Caller.UserId ?? $"{Caller.LinkId} {Caller.Address}";
        if (IsFirst((who, entryId, version)))
            Add(ownerId, entryId, AuditNote.Of(AuditActions.Download, ("version", version.ToString(CultureInfo.InvariantCulture))));
    }

    /// <summary>Writes what is left.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        while (await WriteBatchAsync(Take()))
        {
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(BatchTime, time, stoppingToken);
                List<Waiting> batch;
                do
                {
                    batch = Take();
                    while (batch.Count > 0 && !await WriteBatchAsync(batch))
                        await Task.Delay(RetryTime, time, stoppingToken);
                }
                // More waits, such as what is read as one archive: it must not come faster than it goes.
                while (batch.Count == BatchCountMax);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private List<Waiting> Take()
    {
        var batch = new List<Waiting>();
        while (batch.Count < BatchCountMax && _waiting.Reader.TryRead(out var waiting))
            batch.Add(waiting);
        // Heads of chains are locked in the order of owners, as everywhere; what one owner has stays in its order.
        return [.. batch.OrderBy(waiting => waiting.OwnerId, StringComparer.Ordinal)];
    }

    /// <summary>True when the batch is done with. What may have been written already is written once more, rather than not at all.</summary>
    private async Task<bool> WriteBatchAsync(List<Waiting> batch)
    {
        if (batch.Count == 0)
            return false;
        try
        {
            return await database.BatchAsync(
                commands =>
                {
                    foreach (var waiting in batch)
                        Fill(commands, waiting);
                },
                _ => Task.FromResult(true));
        }
        catch (DependencyUnavailableException exception)
        {
            AuditMessages.NotWritten(logger, batch.Count, exception.Message);
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What the database does not take now, it takes never; what comes after it shall not wait for it.
            AuditMessages.Lost(logger, batch.Count, exception);
            GrainsMeter.AuditDropped(batch.Count);
            return true;
        }
    }

    private static void Fill(NpgsqlBatch commands, Waiting waiting)
    {
        var command = commands.CreateBatchCommand();
        command.CommandText = "SELECT audit_note_later($1, $2, $3, $4, $5)";
        command.Parameters.Text(waiting.Context).Text(waiting.OwnerId).Text(waiting.Note.Action).Text(waiting.EntryId).Text(waiting.Note.Detail);
        commands.BatchCommands.Add(command);
    }

    private bool IsFirst((string Who, string EntryId, int Version) download)
    {
        var now = time.GetTimestamp();
        if (_recent.TryGetValue(download, out var last))
            return time.GetElapsedTime(last, now) >= options.Value.DownloadWindow && _recent.TryUpdate(download, now, last);
        if (_recent.Count >= RecentCountMax)
            Forget(now);
        // When all places are taken by fresh ones, some make more rows than one.
        return _recent.Count >= RecentCountMax || _recent.TryAdd(download, now);
    }

    /// <summary>Makes room, not more often than is worth it.</summary>
    private void Forget(long now)
    {
        var last = Interlocked.Read(ref _forgotAt);
        if (time.GetElapsedTime(last, now) < ForgetPeriod || Interlocked.CompareExchange(ref _forgotAt, now, last) != last)
            return;
        foreach (var old in _recent)
        {
            if (time.GetElapsedTime(old.Value, now) >= options.Value.DownloadWindow)
                _recent.TryRemove(old);
        }
    }

    private sealed record Waiting(string OwnerId, string? EntryId, AuditNote Note, string Context);
}
