using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Links;

/// <summary>What was begun by a link ends with it.</summary>
public sealed class EndedLinkTests(LinksHost host) : IClassFixture<LinksHost>
{
    [Theory]
    [InlineData("revoked")]
    [InlineData("transferred")]
    [InlineData("above transferred")]
    [InlineData("purged")]
    [InlineData("above purged")]
    public async Task Sessions_give_the_quota_back_when_their_link_ends_and_the_next_round_ends_them(string ending)
    {
        var (owner, heir) = (await host.SignUpAsync(), await host.SignUpAsync());
        var above = await owner.FolderAsync("above");
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box", above), role: LinkRole.Upload);
        var silent = (await host.OpenAsync(token, 100)).Upload!;
        var begun = (await host.OpenAsync(token, 200)).Upload!;
        Assert.Null((await host.SendAsync(link, begun.Id, 1, new byte[200])).Refusal);
        await host.ExecuteAsync("UPDATE uploads SET state = 2, touched_at = now() WHERE id = $1", (await host.OpenAsync(token, 400)).Upload!.Id);
        Assert.Equal(700, (await owner.ProfileAsync()).ReservedBytes);

        await EndAsync(owner, heir, ending, link, above);

        Assert.Equal((0L, 0L), ((await owner.ProfileAsync()).ReservedBytes, (await heir.ProfileAsync()).ReservedBytes));
        await Janitor.RunAllAsync(host);
        foreach (var upload in (string[])[silent.Id, begun.Id])
            Assert.Equal(UploadState.Expired, (await owner.Session(upload).GetAsync(0, 10)).Upload!.State);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = ANY ($1) AND state = 'intended'", (object)new[] { silent.Id, begun.Id }));
        Assert.Equal((0L, 0L), ((await owner.ProfileAsync()).ReservedBytes, (await heir.ProfileAsync()).ReservedBytes));
    }

    [Fact]
    public async Task Session_lives_no_longer_than_its_link_and_the_janitors_round_ends_it()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload, lives: TimeSpan.FromMinutes(10));
        var begun = (await host.OpenAsync(token, GrainsHost.PartSize * 2)).Upload!;
        Assert.Equal(link.ExpiresAt!.Value, begun.ExpiresAt, TimeSpan.FromMilliseconds(1));
        Assert.Null((await host.SendAsync(link, begun.Id, 1, new byte[begun.PartSizeBytes])).Refusal);
        Assert.Equal(link.ExpiresAt.Value, (await owner.Session(begun.Id).GetAsync(0, 10)).Upload!.ExpiresAt, TimeSpan.FromMilliseconds(1));

        await host.ExecuteAsync("UPDATE links SET expires_at = now() WHERE id = $1", link.Id);
        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Expired, (await owner.Session(begun.Id).GetAsync(0, 10)).Upload!.State);
        Assert.Equal(0, (await owner.ProfileAsync()).ReservedBytes);
    }

    [Fact]
    public async Task Session_that_somebody_works_on_holds_up_nobody_and_is_ended_by_the_next_round()
    {
        var (owner, heir) = (await host.SignUpAsync(), await host.SignUpAsync());
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        var begun = (await host.OpenAsync(token, 100)).Upload!;
        await using (var connection = await host.Catalogue.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1 FROM uploads WHERE id = $1 FOR UPDATE";
            command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = begun.Id });
            await command.ExecuteScalarAsync();

            await EndAsync(owner, heir, "transferred", link, null);

            await transaction.CommitAsync();
        }

        await Janitor.RunAllAsync(host);
        Assert.Equal(UploadState.Expired, (await owner.Session(begun.Id).GetAsync(0, 10)).Upload!.State);
        Assert.Equal((0L, 0L), ((await owner.ProfileAsync()).ReservedBytes, (await heir.ProfileAsync()).ReservedBytes));
    }

    [Fact]
    public async Task Part_that_was_under_way_when_the_link_ended_is_not_acknowledged()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        var begun = (await host.OpenAsync(token, 100)).Upload!;
        Caller.ActByLink(link.Id);
        var session = host.Grains.GetGrain<IUploadSessionGrain>(begun.Id);
        var permit = await session.BeginPartAsync(1, 100, new byte[32]);
        Assert.Null(permit.Refusal);

        Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);

        var exception = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.ScalarAsync<bool>(
            "SELECT acknowledge_visitor_part($1, $2, 1, 100, 'e', sha256('x'), $3, '7 days', '1 hour', 1000)", begun.Id, permit.Epoch, permit.ObjectKey!));
        Assert.Equal("GV001", exception.SqlState);
        Assert.True(await host.ScalarAsync<bool>("SELECT expires_at <= now() FROM uploads WHERE id = $1", begun.Id));
    }

    private static async Task EndAsync(TestUser owner, TestUser heir, string ending, Link link, string? above)
    {
        var top = ending.StartsWith("above", StringComparison.Ordinal) ? above! : link.EntryId;
        switch (ending)
        {
            case "revoked":
                Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);
                break;
            case "purged" or "above purged":
                Assert.Null((await owner.File(top).DeleteAsync(permanent: true)).Refusal);
                break;
            default:
                Assert.NotNull((await owner.File(top).OfferTransferAsync(heir.Id)).Transfer);
                Assert.Null((await heir.File(top).AcceptTransferAsync()).Refusal);
                break;
        }
    }
}
