using System.Net;
using System.Net.Http.Json;
using GrainVault.Cluster.Tests.Load;
using Npgsql;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>Makes upload sessions and reads which activation each has: a new one raises the epoch by one.</summary>
internal static class Sessions
{
    public static async Task<List<string>> CreateAsync(VaultClient client, int count, int sizeBytes, string prefix)
    {
        var ids = new List<string>();
        for (var number = 0; number < count; number++)
        {
            var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, "/v1/uploads")
            {
                Content = JsonContent.Create(new { name = $"{prefix} {number}", size = sizeBytes }),
                Headers = { { "Idempotency-Key", $"{prefix}-{number}" } },
            });
            ids.Add(answer.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>());
        }

        return ids;
    }

    public static async Task<Dictionary<string, long>> EpochsAsync(NpgsqlDataSource database, IReadOnlyList<string> ids)
    {
        await using var command = database.CreateCommand("SELECT id, epoch FROM catalogue.uploads WHERE id = ANY($1)");
        command.Parameters.AddWithValue(ids.ToArray());
        await using var reader = await command.ExecuteReaderAsync();
        var epochs = new Dictionary<string, long>();
        while (await reader.ReadAsync())
            epochs[reader.GetString(0)] = reader.GetInt64(1);
        Assert.Equal(ids.Count, epochs.Count);
        return epochs;
    }

    public static int CountMoved(Dictionary<string, long> before, Dictionary<string, long> after) =>
        before.Count(session => after[session.Key] != session.Value);
}
