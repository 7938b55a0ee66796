using System.Net;
using System.Security.Cryptography;
using GrainVault.Silo.Postgres;
using Npgsql;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Cluster;

/// <summary>Identity, catalogue and cluster tables on a PostgreSQL server each.</summary>
[Collection(RunningCluster.Name)]
public sealed class SeparateDatabasesTests(ClusterFixture fixture)
{
    [Fact]
    public async Task Main_job_passes_in_a_cluster_with_three_servers()
    {
        using var user = await fixture.SignUpAsync(frontEnd: 1);
        var content = RandomNumberGenerator.GetBytes((2 * PartSize) + 1);
        var upload = await user.CreateUploadAsync("three.bin", content.Length);

        for (var number = 1; number <= 3; number++)
        {
            var part = content.AsSpan((number - 1) * PartSize, Math.Min(PartSize, content.Length - ((number - 1) * PartSize))).ToArray();
            using var stored = await user.PutPartAsync(IdOf(upload), number, part);
            Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
        }

        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
        Assert.Equal(content.Length, (await user.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
        var (exitCode, output) = await fixture.Cluster.RunCliAsync("fsck");
        Assert.True(exitCode == 0, output);
        foreach (var (schema, server) in fixture.Servers)
            Assert.Equal([schema], await OwnSchemasAsync(server));
    }

    private static async Task<List<string>> OwnSchemasAsync(EmbeddedPostgres server)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand("SELECT nspname FROM pg_namespace WHERE nspname IN ('identity', 'catalogue', 'orleans')");
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
            found.Add(reader.GetString(0));
        return found;
    }
}
