using System.Text;
using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Probes and gossip, on the control lane.</summary>
internal sealed class SiloControl(SiloConnections connections) : ISiloControl
{
    public async Task ProbeAsync(SiloAddress target, CancellationToken cancellationToken) =>
        await AskAsync(target, OutgoingConnection.Empty(FrameKind.Probe), cancellationToken);

    public async Task<bool> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, CancellationToken cancellationToken)
    {
        var frame = OutgoingConnection.Empty(FrameKind.ProbeThrough);
        System.Buffers.BuffersExtensions.Write(frame, Encoding.UTF8.GetBytes(target.ToParsableString()));
        return await AskAsync(intermediary, frame, cancellationToken) is [1];
    }

    public void Reset(SiloAddress target)
    {
        try
        {
            connections.Peers.Get(target).Reset(new TimeoutException($"The silo {target} does not answer probes."));
        }
        catch (SiloUnavailableException)
        {
            // This silo's connections are closed already.
        }
    }

    public void TellOfChange(SiloAddress target, long version)
    {
        try
        {
            connections.Peers.Get(target).Get(Lane.Control)?.Tell(OutgoingConnection.Empty(FrameKind.Changed, version));
        }
        catch (SiloUnavailableException)
        {
            // This silo's connections are closed already; the others read the table by themselves.
        }
    }

    private async Task<byte[]> AskAsync(SiloAddress target, OutgoingFrame frame, CancellationToken cancellationToken)
    {
        var question = new Question();
        if (connections.Peers.Get(target).Get(Lane.Control) is not { } connection || !connection.TryAsk(question, frame))
        {
            frame.Free();
            throw connections.Peers.Unreachable(target, null);
        }
        try
        {
            return await question.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            connection.Forget(question.Id);
        }
    }

    private sealed class Question : TaskCompletionSource<byte[]>, IAwaitsAnswer
    {
        internal Question() : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
        }

        internal long Id { get; private set; }

        public bool OnAsked(OutgoingConnection connection, long id)
        {
            Id = id;
            return true;
        }

        public void OnAnswer(in Frame answer, OutgoingConnection connection) => TrySetResult(answer.Body.ToArray());

        public void OnLost(Exception failure) => TrySetException(failure);
    }
}
