using System.Globalization;
using System.IO.Pipelines;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// The three messages with which every connection to a silo starts. The one who connects proves first that it holds a
/// cluster secret; the listener says nothing to who does not, nor to a first message that may be a copy: one whose clock is
/// wrong, or that came before. The third message ties the proof to this very connection.
/// Afterwards the bytes are the runtime's, in clear text: cluster ports belong on a private network.
/// </summary>
/// <param name="secrets">What both sides must hold.</param>
/// <param name="clusterId">The cluster that both must belong to.</param>
/// <param name="clockSkewMax">How far the clocks may differ.</param>
/// <param name="time">This side's clock.</param>
internal sealed class ClusterHandshake(ClusterSecrets secrets, string clusterId, TimeSpan clockSkewMax, TimeProvider time)
{
    // A first message is valid while its clock is, on either side of ours.
    private readonly ReplayGuard _replays = new(clockSkewMax * 2, time);

    /// <summary>The side that connects.</summary>
    /// <param name="transport">The connection, with nothing sent or received so far.</param>
    /// <param name="role">What this process is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<HandshakeOutcome> ConnectAsync(IDuplexPipe transport, PeerRole role, CancellationToken cancellationToken)
    {
        var hello = CreateHello(role);
        await HandshakeFrame.WriteAsync(transport.Output, HandshakeMessages.HelloMark, hello, cancellationToken);
        var (answer, verdict) = await HandshakeFrame.ReadAsync(transport.Input, HandshakeMessages.AnswerMark, cancellationToken);
        if (answer is null)
        {
            return verdict == HandshakeVerdict.Closed
                ? new HandshakeOutcome(HandshakeVerdict.WrongSecret, "it closed the connection without an answer: its GrainVault:Cluster:Secret is another one, the clocks differ by more than GrainVault:Cluster:ClockSkewMax, or it is no silo of GrainVault")
                : new HandshakeOutcome(verdict, "it sent bytes that are no handshake");
        }

        if (HandshakeStatement.Decode(answer, out var size) is not { } statement || answer.Length != size + ClusterSecrets.ProofSizeBytes)
            return new HandshakeOutcome(HandshakeVerdict.Garbage, "it sent bytes that are no handshake");
        var text = HandshakeMessages.AnswerText(hello, answer.AsSpan(0, size));
        var secret = FindSecret(text, answer.AsMemory(size));
        if (secret < 0)
            return new HandshakeOutcome(HandshakeVerdict.WrongSecret, "it answered without holding the cluster secret");
        if ((HandshakeVerdict)statement.Kind != HandshakeVerdict.Welcome)
            return Refused((HandshakeVerdict)statement.Kind, statement, role);

        var confirm = new byte[ClusterSecrets.ProofSizeBytes];
        secrets.Prove(secret, HandshakeMessages.ConfirmText(hello, answer), confirm);
        await HandshakeFrame.WriteAsync(transport.Output, HandshakeMessages.ConfirmMark, confirm, cancellationToken);
        return new HandshakeOutcome(HandshakeVerdict.Welcome);
    }

    /// <summary>The side that listens.</summary>
    /// <param name="transport">The connection, with nothing sent or received so far.</param>
    /// <param name="port">Whom the port is for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<HandshakeOutcome> AcceptAsync(IDuplexPipe transport, PeerRole port, CancellationToken cancellationToken)
    {
        var (hello, read) = await HandshakeFrame.ReadAsync(transport.Input, HandshakeMessages.HelloMark, cancellationToken);
        if (hello is null)
            return new HandshakeOutcome(read, read == HandshakeVerdict.Closed ? "it closed the connection" : "it sent bytes that are no handshake");
        if (HandshakeStatement.Decode(hello, out var size) is not { } statement || !HasProofs(hello, size))
            return new HandshakeOutcome(HandshakeVerdict.Garbage, "it sent bytes that are no handshake");
        var secret = FindSecret(HandshakeMessages.HelloText(hello.AsSpan(0, size)), hello.AsMemory(size + 1));
        if (secret < 0)
            return new HandshakeOutcome(HandshakeVerdict.WrongSecret, "it does not hold the cluster secret (GrainVault:Cluster:Secret)");

        // Older ones are not remembered any more, so that any of them may be a copy.
        var ahead = statement.Clock - time.GetUtcNow();
        if (ahead.Duration() > clockSkewMax)
            return new HandshakeOutcome(HandshakeVerdict.WrongClock, WrongClock(ahead));
        if (!_replays.TryAdd(statement.Nonce))
            return new HandshakeOutcome(HandshakeVerdict.Replayed, "it repeated a first message");
        var verdict = Judge(statement, port);
        var answer = CreateAnswer(hello, secret, verdict);
        await HandshakeFrame.WriteAsync(transport.Output, HandshakeMessages.AnswerMark, answer, cancellationToken);
        if (verdict != HandshakeVerdict.Welcome)
            return Refused(verdict, statement, port);

        var (confirm, confirmRead) = await HandshakeFrame.ReadAsync(transport.Input, HandshakeMessages.ConfirmMark, cancellationToken);
        if (confirm is null)
            return new HandshakeOutcome(confirmRead, "it did not finish the handshake");
        return secrets.IsProof(secret, HandshakeMessages.ConfirmText(hello, answer), confirm)
            ? new HandshakeOutcome(HandshakeVerdict.Welcome)
            : new HandshakeOutcome(HandshakeVerdict.WrongSecret, "it repeated a first message without holding the cluster secret");
    }

    private static bool HasProofs(byte[] hello, int statementSizeBytes) =>
        hello.Length > statementSizeBytes
        && hello[statementSizeBytes] is >= 1 and <= ClusterSecrets.CountMax
        && hello.Length == statementSizeBytes + 1 + (hello[statementSizeBytes] * ClusterSecrets.ProofSizeBytes);

    private byte[] CreateHello(PeerRole role)
    {
        var statement = HandshakeStatement.Now((byte)role, time.GetUtcNow(), clusterId).Encode();
        var text = HandshakeMessages.HelloText(statement);
        var hello = new byte[statement.Length + 1 + (secrets.Count * ClusterSecrets.ProofSizeBytes)];
        statement.CopyTo(hello, 0);
        hello[statement.Length] = (byte)secrets.Count;
        for (var index = 0; index < secrets.Count; index++)
            secrets.Prove(index, text, hello.AsSpan(statement.Length + 1 + (index * ClusterSecrets.ProofSizeBytes), ClusterSecrets.ProofSizeBytes));
        return hello;
    }

    private byte[] CreateAnswer(byte[] hello, int secret, HandshakeVerdict verdict)
    {
        var statement = HandshakeStatement.Now((byte)verdict, time.GetUtcNow(), clusterId).Encode();
        var answer = new byte[statement.Length + ClusterSecrets.ProofSizeBytes];
        statement.CopyTo(answer, 0);
        secrets.Prove(secret, HandshakeMessages.AnswerText(hello, statement), answer.AsSpan(statement.Length));
        return answer;
    }

    /// <summary>Index of the secret that one of the proofs was made with, or -1.</summary>
    private int FindSecret(byte[] text, ReadOnlyMemory<byte> proofs)
    {
        for (var index = 0; index < secrets.Count; index++)
        {
            for (var offset = 0; offset < proofs.Length; offset += ClusterSecrets.ProofSizeBytes)
            {
                if (secrets.IsProof(index, text, proofs.Span.Slice(offset, ClusterSecrets.ProofSizeBytes)))
                    return index;
            }
        }

        return -1;
    }

    private HandshakeVerdict Judge(HandshakeStatement hello, PeerRole port) => hello switch
    {
        _ when hello.ClusterId != clusterId => HandshakeVerdict.WrongCluster,
        _ when hello.Kind != (byte)port => HandshakeVerdict.WrongPort,
        _ => HandshakeVerdict.Welcome,
    };

    private string WrongClock(TimeSpan ahead) => string.Create(
        CultureInfo.InvariantCulture,
        $"its clock is {ahead.TotalSeconds:0} s from ours, more than {clockSkewMax.TotalSeconds:0} s (GrainVault:Cluster:ClockSkewMax)");

    private HandshakeOutcome Refused(HandshakeVerdict verdict, HandshakeStatement other, PeerRole role) => new(verdict, verdict switch
    {
        HandshakeVerdict.WrongCluster => $"it belongs to cluster '{other.ClusterId}', this process to '{clusterId}' (GrainVault:Cluster:ClusterId)",
        HandshakeVerdict.WrongPort => role == PeerRole.Silo
            ? "front ends and silos met at a port for silos (GrainVault:Cluster:SiloPort)"
            : "front ends and silos met at a port for front ends (GrainVault:Cluster:GatewayPort)",
        _ => "it refused for a reason that this version does not know",
    });
}
