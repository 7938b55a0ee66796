using System.Net;
using GrainVault.Cluster.Tests.Load;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>
/// Grains of every kind that clients reach: upload sessions, files, a user. There are so many that every silo of the ring owns
/// some; that it does is seen when it dies.
/// </summary>
internal sealed class Probes
{
    public const int SessionCount = 48;
    public const int FileCount = 16;
    public const int PartSizeBytes = 1024;

    private Probes(LoadUser user, IReadOnlyList<string> sessionIds, IReadOnlyList<string> fileIds)
    {
        User = user;
        SessionIds = sessionIds;
        Paths = [.. sessionIds.Select(id => $"/v1/uploads/{id}"), .. fileIds.Select(id => $"/v1/files/{id}"), "/v1/me"];
    }

    public LoadUser User { get; }

    public IReadOnlyList<string> SessionIds { get; }

    /// <summary>What to GET: each is answered by one grain.</summary>
    public IReadOnlyList<string> Paths { get; }

    public static async Task<Probes> CreateAsync(IReadOnlyList<Uri> frontEnds)
    {
        using var client = new VaultClient(frontEnds, 0, new Traffic());
        var user = await LoadUser.SignUpAsync(client);
        client.User = user;
        var sessions = await Sessions.CreateAsync(client, SessionCount, PartSizeBytes, "probe");
        var files = new List<string>();
        for (var number = 0; number < FileCount; number++)
        {
            var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/v1/files?name=probe{number}.bin")
            {
                Content = new ByteArrayContent([1, 2, 3]),
                Headers = { { "Idempotency-Key", $"probe-file-{number}" } },
            });
            files.Add(answer.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>());
        }

        return new Probes(user, sessions, files);
    }
}
