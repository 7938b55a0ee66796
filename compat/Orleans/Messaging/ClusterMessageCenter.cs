using Orleans.Calls;
using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Takes a call to the silo of its grain: this one, or the owner on the ring.</summary>
/// <param name="silo">This silo.</param>
/// <param name="local">Takes calls to activations of this silo.</param>
/// <param name="peers">The other silos.</param>
/// <param name="limits">The limits.</param>
internal sealed class ClusterMessageCenter(SiloRuntime silo, LocalMessageCenter local, SiloPeers peers, MessageLimits limits) : IMessageCenter
{
    public void Send(GrainCall call)
    {
        try
        {
            var current = peers.View.Current;
            if (OwnerOf(call.Target, current) is not { } owner)
                local.Send(call);
            else if (peers.IsLeaving && TryRunHere(call))
                return;
            else if (call.Reply is IncomingCall incoming)
                PassOn(incoming, call, owner, current.Version);
            else
                peers.Get(owner).Send(call, current.Version);
        }
        catch (Exception failure)
        {
            call.TryFail(failure);
        }
    }

    /// <summary>Takes a call from another process.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal void Receive(IncomingConnection connection, in Frame frame)
    {
        var target = CallHeader.ReadTarget(frame.Header.Span);
        var incoming = connection.Begin(frame);
        try
        {
            var current = peers.View.Current;
            if (OwnerOf(target, current) is not { } owner)
                Run(incoming, frame, target);
            else if (peers.IsLeaving && silo.Catalog.Has(target))
                RunOrPassOn(incoming, frame, target, owner, current.Version);
            else if (frame.ViewVersion > current.Version)
                _ = RefreshAndRouteAsync(incoming, frame.Keep(), target);
            else
                PassOn(incoming, frame, target, owner, current.Version);
        }
        catch (Exception failure)
        {
            incoming.Fail(failure);
        }
    }

    /// <summary>The silo that a call goes to; null when it is this one.</summary>
    /// <exception cref="SiloUnavailableException">There is none.</exception>
    private SiloAddress? OwnerOf(GrainId target, ClusterSnapshot current)
    {
        if (silo.Classes.IsStatelessWorker(target.Type))
            return null;
        var owner = current.Ring.OwnerOf(target);
        if (owner is not null && owner.Equals(peers.Local))
            return null;
        return owner ?? throw new SiloUnavailableException($"No silo of the cluster is active, so that {target} has no place.");
    }

    /// <summary>Activations end one after the other when the silo leaves; until then they are the only ones of their grains.</summary>
    private bool TryRunHere(GrainCall call)
    {
        if (!silo.Catalog.Has(call.Target))
            return false;
        if (call.ForwardCount == 0)
            call.Isolate();
        return silo.Catalog.TryDeliverToExisting(call);
    }

    private void Run(IncomingCall incoming, in Frame frame, GrainId target) => local.Send(Read(incoming, frame, target));

    private void RunOrPassOn(IncomingCall incoming, in Frame frame, GrainId target, SiloAddress owner, long viewVersion)
    {
        var call = Read(incoming, frame, target);
        if (!TryRunHere(call))
            PassOn(incoming, call, owner, viewVersion);
    }

    private GrainCall Read(IncomingCall incoming, in Frame frame, GrainId target)
    {
        var call = CallHeader.ReadCall(frame, target, silo.References);
        call.Options = silo.CallOptions;
        incoming.RunsAs(call);
        return call;
    }

    /// <summary>The sender knows more of the cluster than this silo, which seems not to own the grain: it asks before it passes the call on.</summary>
    private async Task RefreshAndRouteAsync(IncomingCall incoming, Frame frame, GrainId target)
    {
        try
        {
            using var timeout = new CancellationTokenSource(limits.RefreshTimeout);
            try
            {
                await peers.View.RefreshAsync(frame.ViewVersion, timeout.Token).WaitAsync(timeout.Token);
            }
            catch (Exception failure)
            {
                peers.Log.RefreshFailed(failure, frame.ViewVersion);
            }
            var current = peers.View.Current;
            if (OwnerOf(target, current) is { } owner)
                PassOn(incoming, frame, target, owner, current.Version);
            else
                Run(incoming, frame, target);
        }
        catch (Exception failure)
        {
            incoming.Fail(failure);
        }
    }

    private void PassOn(IncomingCall incoming, in Frame frame, GrainId target, SiloAddress owner, long viewVersion)
    {
        ThrowIfPassedOnTooOften(incoming, target);
        peers.Get(owner).PassOn(incoming, frame, viewVersion);
    }

    /// <summary>The call waited for an activation that has ended, and its grain's next one is elsewhere.</summary>
    private void PassOn(IncomingCall incoming, GrainCall call, SiloAddress owner, long viewVersion)
    {
        ThrowIfPassedOnTooOften(incoming, call.Target);
        peers.Get(owner).PassOn(incoming, call, viewVersion);
    }

    private static void ThrowIfPassedOnTooOften(IncomingCall incoming, GrainId target)
    {
        if (incoming.ForwardCount >= MessageLimits.ForwardCountMax)
            throw new OrleansMessageRejectionException($"Forwarding failed: a call to {target} was passed on {incoming.ForwardCount} times.");
    }
}
