using System.IO.Pipelines;

namespace GrainVault.Storage.Disk;

/// <summary>
/// The bodies of signed PUTs that are coming in: one for each place that URLs lead to. Any number of requests may use a URL at once;
/// if each had a file of its own, the quota of one part would fill the disk. The newest wins, since an older one is mostly that of a
/// connection that has died.
/// </summary>
internal sealed class IncomingBodies
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IncomingBody> _bodies = new(StringComparer.Ordinal);

    /// <summary>Takes the place; whoever has it stops. Dispose the result before the body's reader may be used for anything else.</summary>
    public IncomingBody Enter(SignedObjectRequest request, PipeReader reader)
    {
        var body = new IncomingBody(this, $"{request.StoreUploadId}/{request.PartNumber}/{request.Key}", reader);
        lock (_lock)
        {
            if (_bodies.TryGetValue(body.Place, out var older))
                Stop(older, SignedWriteStatus.Superseded);
            _bodies[body.Place] = body;
        }

        return body;
    }

    /// <summary>Ends the reading of a body, unless it has ended.</summary>
    public void End(IncomingBody body, SignedWriteStatus status)
    {
        lock (_lock)
            Stop(body, status);
    }

    /// <summary>After this nothing touches the body's reader any more.</summary>
    public void Leave(IncomingBody body)
    {
        lock (_lock)
        {
            body.HasLeft = true;
            if (_bodies.TryGetValue(body.Place, out var current) && current == body)
                _bodies.Remove(body.Place);
        }
    }

    // Under the lock: a reader belongs to a connection, whose next request must not be touched.
    private static void Stop(IncomingBody body, SignedWriteStatus status)
    {
        if (body.HasLeft || body.Ended is not null)
            return;
        body.Ended = status;
        body.Reader.CancelPendingRead();
    }
}

/// <summary>One body that is coming in.</summary>
internal sealed class IncomingBody(IncomingBodies owner, string place, PipeReader reader) : IDisposable
{
    /// <summary>Where it goes.</summary>
    public string Place => place;

    /// <summary>What it is read with.</summary>
    public PipeReader Reader => reader;

    /// <summary>Why it is no longer read; null while it is.</summary>
    public SignedWriteStatus? Ended { get; set; }

    /// <summary>True when its request is over.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Stops the reading because the URL has been expired for too long.</summary>
    public void Expire() => owner.End(this, SignedWriteStatus.Expired);

    /// <inheritdoc/>
    public void Dispose() => owner.Leave(this);
}
