using GrainVault.Cli.Audit;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Audit;

/// <summary>Whatever is changed in the audit by somebody who may write to the database, verifying finds it.</summary>
public sealed class TamperTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    /// <summary>Writes a chain anew from a row on, as somebody does who knows how hashes are made.</summary>
    private const string WriteAnew =
        """
        DO $$
        DECLARE r record; h bytea := decode(repeat('00', 32), 'hex');
        BEGIN
            FOR r IN SELECT * FROM audit WHERE owner_id = '{user}' ORDER BY seq LOOP
                h := audit_hash(h, r.owner_id, r.seq, r.at, r.actor_kind, r.actor_id, r.action, r.entry_id, r.entry_name, r.detail, r.address, r.agent, r.request_id, r.trace_id);
                UPDATE audit SET hash = h WHERE owner_id = r.owner_id AND seq = r.seq;
                UPDATE audit_heads SET hash = h, seq = r.seq WHERE owner_id = r.owner_id;
            END LOOP;
        END $$
        """;

    [Theory]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq = 1")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq >= 3")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}'")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq = 5; UPDATE audit_heads SET seq = 4 WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit SET action = 'rename' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET actor_kind = 'system' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET actor_id = NULL WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET at = at + interval '1 microsecond' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET entry_id = 'f-other' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET entry_name = 'other' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET detail = '{}' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET address = '192.0.2.1' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET agent = 'other' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET request_id = 'other' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET trace_id = 'other' WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET hash = sha256('x') WHERE owner_id = '{user}' AND seq = 3")]
    [InlineData("UPDATE audit SET hash = sha256('x') WHERE owner_id = '{user}' AND seq = 5; UPDATE audit_heads SET hash = sha256('x') WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit SET seq = CASE seq WHEN 3 THEN -3 WHEN 4 THEN 3 END WHERE owner_id = '{user}' AND seq IN (3, 4); UPDATE audit SET seq = 4 WHERE owner_id = '{user}' AND seq = -3")]
    [InlineData("UPDATE audit SET seq = seq + 100 WHERE owner_id = '{user}' AND seq > 2; UPDATE audit SET seq = seq - 99 WHERE owner_id = '{user}' AND seq > 100; INSERT INTO audit SELECT owner_id, 3, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash FROM audit WHERE owner_id = '{user}' AND seq = 2")]
    [InlineData("INSERT INTO audit SELECT owner_id, 6, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash FROM audit WHERE owner_id = '{user}' AND seq = 5")]
    [InlineData("UPDATE audit_heads SET hash = sha256('x') WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit_heads SET seq = seq + 1 WHERE owner_id = '{user}'")]
    [InlineData("DELETE FROM audit_heads WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit_heads SET pruned_seq = 2, pruned_hash = (SELECT hash FROM audit WHERE owner_id = '{user}' AND seq = 2) WHERE owner_id = '{user}'; DELETE FROM audit WHERE owner_id = '{user}' AND seq <= 2")]
    public async Task Change_of_the_audit_is_found(string sql)
    {
        var user = await ChainAsync();

        await host.TamperAsync(sql.Replace("-3", "1000", StringComparison.Ordinal), user.Id);

        Assert.NotEmpty((await host.VerifyAsync(user.Id)).Findings);
        Assert.NotEmpty((await host.VerifyAsync(null)).Findings);
    }

    [Theory]
    [InlineData("UPDATE audit SET entry_name = 'other' WHERE owner_id = '{user}' AND seq = 3; " + WriteAnew)]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq = 5; " + WriteAnew)]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}'; DELETE FROM audit_heads WHERE owner_id = '{user}'")]
    public async Task Chain_that_was_written_anew_is_found_by_heads_that_were_kept(string sql)
    {
        var user = await ChainAsync();
        var kept = (await host.VerifyAsync(user.Id)).Heads;
        var line = AuditHeads.Format(Assert.Single(kept));

        await host.TamperAsync(sql, user.Id);

        // By itself the chain is in order, which is why heads are kept elsewhere.
        Assert.Empty((await host.VerifyAsync(user.Id)).Findings);
        Assert.NotEmpty((await host.VerifyAsync(user.Id, [.. AuditHeads.Parse([line, ""])])).Findings);
    }

    [Fact]
    public async Task Heads_that_were_kept_are_met_by_a_chain_that_went_on()
    {
        var user = await ChainAsync();
        var kept = (await host.VerifyAsync(user.Id)).Heads;
        await user.FolderAsync("later");

        var verdict = await host.VerifyAsync(user.Id, [.. kept]);

        Assert.Empty(verdict.Findings);
        Assert.True(Assert.Single(verdict.Heads).Seq > kept[0].Seq);
    }

    [Theory]
    [InlineData("UPDATE audit SET entry_name = 'other' WHERE owner_id = '{user}'")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}'")]
    [InlineData("DELETE FROM audit WHERE owner_id = '{user}' AND seq = 1")]
    [InlineData("TRUNCATE audit")]
    [InlineData("TRUNCATE audit_heads")]
    [InlineData("DELETE FROM audit_heads WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit_heads SET seq = seq - 1 WHERE owner_id = '{user}'")]
    [InlineData("UPDATE audit_heads SET owner_id = 'u-other' WHERE owner_id = '{user}'")]
    public async Task Database_refuses_what_is_no_appending(string sql)
    {
        var user = await ChainAsync();

        var exception = await Assert.ThrowsAsync<PostgresException>(() => host.ExecuteAsync(sql.Replace("{user}", user.Id, StringComparison.Ordinal)));

        Assert.Equal("audit_append_only", exception.ConstraintName);
    }

    [Theory]
    [InlineData("UPDATE audit_heads SET pruned_seq = seq + 1 WHERE owner_id = '{user}'", "audit_heads_checkpoint_in_chain")]
    [InlineData("INSERT INTO audit SELECT owner_id, 1, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash FROM audit WHERE owner_id = '{user}' AND seq = 2", "audit_pkey")]
    [InlineData("INSERT INTO audit (owner_id, seq, at, actor_kind, action, hash) VALUES ('{user}', 99, now(), 'god', 'x', sha256('x'))", "audit_actor_kind_check")]
    [InlineData("INSERT INTO audit (owner_id, seq, at, actor_kind, action, hash) VALUES ('{user}', 99, now(), 'user', 'Not An Action', sha256('x'))", "audit_action_check")]
    [InlineData("INSERT INTO audit (owner_id, seq, at, actor_kind, action, hash) VALUES ('{user}', 99, now(), 'user', 'x', 'short')", "audit_hash_check")]
    public async Task Database_refuses_rows_that_can_not_be(string sql, string constraint)
    {
        var user = await ChainAsync();

        var exception = await Assert.ThrowsAsync<PostgresException>(() => host.ExecuteAsync(sql.Replace("{user}", user.Id, StringComparison.Ordinal)));

        Assert.Equal(constraint, exception.ConstraintName);
    }

    /// <summary>A user with a chain of five rows.</summary>
    private async Task<TestUser> ChainAsync()
    {
        var user = await host.SignUpAsync();
        Caller.SetOrigin("198.51.100.7", "test");
        foreach (var name in (string[])["one", "two", "three", "four"])
            await user.FolderAsync(name);
        Caller.SetOrigin(null, null);
        Assert.Equal(5, (await host.LinesAsync(user.Id)).Count);
        await host.IntactAsync(user.Id);
        return user;
    }
}
