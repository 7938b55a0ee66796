using System.Net;
using GrainVault.Cluster.Tests.Load;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>What a user is charged with is what the user has, by the lists that the user sees.</summary>
internal static class QuotaCheck
{
    public static async Task RunAsync(VaultClient client)
    {
        var used = await SumAsync(client, "/v1/files?view=owned&limit=1000", "entries");
        var reserved = await SumAsync(client, "/v1/uploads?limit=1000", "uploads");
        var profile = (await client.GetAsync("/v1/me")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(used, profile["usedBytes"]!.GetValue<long>());
        Assert.Equal(reserved, profile["reservedBytes"]!.GetValue<long>());
    }

    private static async Task<long> SumAsync(VaultClient client, string path, string list)
    {
        var sum = 0L;
        string? cursor = null;
        do
        {
            var next = cursor is null ? "" : $"&cursor={WebUtility.UrlEncode(cursor)}";
            var page = (await client.GetAsync(path + next)).Expect(HttpStatusCode.OK).Json;
            sum += page[list]!.AsArray().Sum(item => item!["size"]?.GetValue<long>() ?? 0);
            cursor = page["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);
        return sum;
    }
}
