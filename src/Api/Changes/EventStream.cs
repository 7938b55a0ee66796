using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using GrainVault.Api.Auth;
using GrainVault.Api.Http;
using GrainVault.Changes;

namespace GrainVault.Api.Changes;

/// <summary>
/// One stream of server-sent events (HTML, section 9.2): changes with the cursor as their id, progress of uploads without one, and
/// heartbeats. It ends with the token, the login, the process or the client, and the client comes back with <c>Last-Event-ID</c>.
/// </summary>
internal sealed class EventStream(
    HttpContext context, string userId, FeedReader feed, IGrainFactory grains, EventStreams streams, ChangesSettings settings, RevokedLogins revoked, TimeProvider time)
{
    /// <summary>Changes of one event.</summary>
    public const int PageLength = 100;

    /// <summary>Events that wait for a slow client; the feed is read no further meanwhile.</summary>
    private const int QueueLength = 4;

    /// <summary>Longest time until the end of a login ends its streams.</summary>
    private static readonly TimeSpan LoginCheckPeriod = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(IFeedWatchGrain.WaitSecondsMax);

    private readonly IProgressGrain _progress = grains.GetGrain<IProgressGrain>($"pr-{userId}");
    private readonly string _watcher = Guid.NewGuid().ToString("n");
    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(QueueLength);

    /// <summary>Sends what comes after a page that was read already.</summary>
    public async Task RunAsync(ChangePageResult first, CancellationToken stopping)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        // Watches before the client sees the stream open: whatever he uploads from then on is told.
        await _progress.ReadAsync(_watcher, TimeSpan.Zero, end.Token);
        Task[] sources = [ReadFeedAsync(first, end.Token), ReadProgressAsync(end.Token)];
        try
        {
            await WriteAsync(end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has gone, or the process goes.
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(sources);
        }
    }

    /// <summary>Writes what the sources bring until one of them can't go on, the login ends or the token does.</summary>
    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // Proxies that collect responses would keep the events for themselves.
        response.Headers["X-Accel-Buffering"] = "no";
        var bytes = "retry: 2000\n\n"u8.ToArray();
        while (IsSignedIn())
        {
            await response.Body.WriteAsync(bytes, cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            if (await NextAsync(cancellationToken) is not { } next)
                return;
            bytes = next;
        }
    }

    /// <summary>The next event, or a heartbeat when none comes; null when no more will come, or the login has ended.</summary>
    private async Task<byte[]?> NextAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var wait = settings.HeartbeatPeriod < LoginCheckPeriod ? settings.HeartbeatPeriod : LoginCheckPeriod;
        while (IsSignedIn())
        {
            if (_queue.Reader.TryRead(out var bytes))
                return bytes;
            if (time.GetElapsedTime(start) >= settings.HeartbeatPeriod)
            {
                streams.Sent("heartbeat");
                return ": heartbeat\n\n"u8.ToArray();
            }

            try
            {
                if (!await _queue.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(wait, time, cancellationToken))
                    return null;
            }
            catch (TimeoutException)
            {
                // Nothing came.
            }
        }

        return null;
    }

    private bool IsSignedIn() =>
        revoked.IsReliable
        && LoginWatch.LoginIdOf(context.User) is { } login && !revoked.Contains(login)
        && time.GetUtcNow() < LoginWatch.ExpiryOf(context.User);

    private async Task ReadFeedAsync(ChangePageResult page, CancellationToken cancellationToken)
    {
        try
        {
            string? told = null;
            while (page.Refusal is null)
            {
                if (page.Changes.Count > 0)
                {
                    await SendAsync("changes", page.Cursor, JsonSerializer.Serialize(ChangePageAnswer.From(page), ApiJson.Default.ChangePageAnswer), cancellationToken);
                    streams.Sent("changes");
                }
                else if (page.Cursor != told)
                {
                    // An id without data is remembered by the client, and shown to nobody.
                    await _queue.Writer.WriteAsync(Encoding.UTF8.GetBytes($"id: {page.Cursor}\n\n"), cancellationToken);
                }

                told = page.Cursor;
                page = await feed.ReadAsync(userId, page.Cursor, PageLength, CallTime, cancellationToken);
            }

            // The client comes back with the last event that it has, and hears why it can't go on.
            _queue.Writer.TryComplete();
        }
        catch (Exception exception)
        {
            End(exception);
        }
    }

    private async Task ReadProgressAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var start = time.GetTimestamp();
                foreach (var progress in await _progress.ReadAsync(_watcher, CallTime, cancellationToken))
                {
                    await SendAsync("progress", null, JsonSerializer.Serialize(ProgressAnswer.From(progress), ApiJson.Default.ProgressAnswer), cancellationToken);
                    streams.Sent("progress");
                }

                // One watcher too many is answered at once.
                var rest = LoginCheckPeriod - time.GetElapsedTime(start);
                await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, time, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            End(exception);
        }
    }

    /// <summary>Whatever failed, another front end may serve the client, who goes on from the last event that he has.</summary>
    private void End(Exception exception) => _queue.Writer.TryComplete(exception is OperationCanceledException or ChannelClosedException ? null : exception);

    private ValueTask SendAsync(string kind, string? id, string json, CancellationToken cancellationToken) => _queue.Writer.WriteAsync(
        Encoding.UTF8.GetBytes(id is null ? $"event: {kind}\ndata: {json}\n\n" : $"id: {id}\nevent: {kind}\ndata: {json}\n\n"), cancellationToken);
}
