using System.Net;
using System.Security.Cryptography;
using GrainVault.Cluster.Tests.Load;
using Npgsql;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>
/// One activation per grain, seen from the product: an activation of an upload session raises the session's epoch when it loads
/// the row, and the ledger acknowledges a part only to the newest epoch. So when two activations are reached, the older one is
/// refused at its next write, loads again and raises the epoch, then the other one, and so on with every change of path. Here
/// each session is written by changing paths: through every front end, and by the part writers of every silo, since front ends
/// spread writes over the gateways. Where all writes are acknowledged and the epoch stands still, all paths end at the one
/// activation that has the epoch.
/// </summary>
internal sealed class ActivationCheck(Probes probes, IReadOnlyList<Uri> frontEnds, NpgsqlDataSource database)
{
    /// <summary>Writes per session after the first: each time through the other front end, by the next part writer.</summary>
    private const int WritesPerSession = 4;

    /// <summary>Sessions that are written one after the other; others meanwhile.</summary>
    private const int WritesInSuccession = 6;

    public async Task RunAsync()
    {
        var clients = frontEnds.Select((_, index) => new VaultClient(frontEnds, index, new Traffic()) { User = probes.User }).ToList();
        try
        {
            // The first write activates what is not active: after it, the epoch has no reason to move.
            await WriteAllAsync(clients, round: 0);
            var before = await EpochsAsync();
            for (var round = 1; round <= WritesPerSession; round++)
                await WriteAllAsync(clients, round);
            var after = await EpochsAsync();
            var moved = before.Where(session => after[session.Key] != session.Value).Select(session => $"{session.Key}: {session.Value} -> {after[session.Key]}").ToList();
            Assert.True(moved.Count == 0, $"more than one activation: the epochs moved of {string.Join(", ", moved)}");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>Epoch of each probe session.</summary>
    public Task<Dictionary<string, long>> EpochsAsync() => Sessions.EpochsAsync(database, probes.SessionIds);

    private Task WriteAllAsync(List<VaultClient> clients, int round) => Task.WhenAll(clients.SelectMany((client, place) =>
        // Neighbours go through different front ends, and each changes its front end with every round.
        probes.SessionIds.Where((_, index) => (index + round) % clients.Count == place).Chunk(WritesInSuccession).Select(ids => WriteAsync(client, ids))));

    private static async Task WriteAsync(VaultClient client, string[] ids)
    {
        foreach (var id in ids)
        {
            var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Put, $"/v1/uploads/{id}/parts/1")
            {
                // New bytes each time: what is stored already would be acknowledged without a write.
                Content = new ByteArrayContent(RandomNumberGenerator.GetBytes(Probes.PartSizeBytes)),
            });
            answer.Expect(HttpStatusCode.OK);
        }
    }
}
