using GrainVault.Files;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Files;

public sealed partial class ShareTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    /// <summary>What each principal may do: read, read the past, rename, move, share (with somebody, who is looked for only after the right is), delete. Y yes, F forbidden, N not found, T not while it is in the trash.</summary>
    public static TheoryData<string, string, string> Matrix => new()
    {
        { "owner", "private", "YYYYYY" },
        { "owner", "public", "YYYYYY" },
        { "owner", "trashed", "YYTTYY" },
        { "editor", "private", "YYYFFF" },
        { "editor", "public", "YYYFFF" },
        { "editor", "trashed", "NNNNNN" },
        { "viewer", "private", "YYFFFF" },
        { "viewer", "public", "YYFFFF" },
        { "viewer", "trashed", "NNNNNN" },
        { "stranger", "private", "NNNNNN" },
        { "stranger", "public", "YFFFFF" },
        { "stranger", "trashed", "NNNNNN" },
        { "visitor", "private", "NNNNNN" },
        { "visitor", "public", "YFFFFF" },
        { "visitor", "trashed", "NNNNNN" },
    };

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Each_may_do_what_the_table_says_directly_and_through_a_folder(string principal, string state, string expected)
    {
        foreach (var isThroughFolder in (bool[])[false, true])
        {
            var owner = await host.SignUpAsync();
            var somebody = await host.SignUpAsync();
            var folder = await owner.FolderAsync("folder", await owner.FolderAsync("outer"));
            var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
            if (principal is "editor" or "viewer")
                Assert.Null((await owner.File(isThroughFolder ? folder : file).ShareAsync(somebody.Email.ToUpperInvariant(), principal == "editor" ? ShareRole.Editor : ShareRole.Viewer)).Refusal);
            if (state == "public")
                Assert.Null((await owner.ChangeAsync(file, visibility: Visibility.Public)).Refusal);
            if (state == "trashed")
                Assert.Null((await owner.File(isThroughFolder ? folder : file).DeleteAsync(permanent: false)).Refusal);

            var id = principal switch { "owner" => owner.Id, "visitor" => null, _ => somebody.Id };
            Assert.Equal(expected, await TryAllAsync(id, file));
        }
    }

    [Fact]
    public async Task Nearest_share_wins_and_ending_it_acts_at_once()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var outer = await owner.FolderAsync("outer");
        var inner = await owner.FolderAsync("inner", outer);
        var file = (await owner.WriteFileAsync("file", [1], parentId: inner)).Entry!.Id;
        await owner.File(outer).ShareAsync(reader.Id, ShareRole.Editor);
        Assert.Null((await reader.ChangeAsync(file, name: "by editor")).Refusal);

        await owner.File(inner).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.Equal(RefusalReason.Forbidden, (await reader.ChangeAsync(file, name: "again")).Refusal!.Reason);
        Assert.Null((await owner.File(inner).UnshareAsync(reader.Id)).Refusal);
        Assert.Null((await reader.ChangeAsync(file, name: "by editor again")).Refusal);

        // Moved out of the shared folder, and its share is gone with it.
        await owner.ChangeAsync(inner, move: true);
        Assert.Equal(RefusalReason.NotFound, (await reader.File(file).GetAsync()).Refusal!.Reason);
        await owner.ChangeAsync(inner, move: true, parentId: outer);
        Assert.Null((await reader.File(file).GetAsync()).Refusal);
        Assert.Null((await reader.File(outer).UnshareAsync(reader.Email)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await reader.File(file).GetAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await reader.File(outer).UnshareAsync(reader.Email)).Refusal!.Reason);
    }

    [Fact]
    public async Task Shared_folders_are_in_the_view_and_listed_and_nothing_else_is()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var shared = await owner.FolderAsync("shared");
        var file = (await owner.WriteFileAsync("in it", [1], parentId: shared)).Entry!.Id;
        var other = await owner.FolderAsync("other");
        var single = (await owner.WriteFileAsync("single", [1], parentId: other)).Entry!.Id;
        await owner.File(shared).ShareAsync(reader.Id, ShareRole.Viewer);
        await owner.File(single).ShareAsync(reader.Id, ShareRole.Editor);

        Assert.Equal([single, shared], await IdsAsync(reader, EntryView.Shared));
        Assert.Equal([file], await IdsAsync(reader, EntryView.Owned, shared));
        Assert.Equal(RefusalReason.NotFound, (await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, other, null, null, 10))).Refusal!.Reason);
        foreach (var view in (EntryView[])[EntryView.Owned, EntryView.Recent, EntryView.Public, EntryView.Trash])
            Assert.Empty(await IdsAsync(reader, view));
        Assert.Empty(await IdsAsync(owner, EntryView.Shared));

        await owner.File(other).DeleteAsync(permanent: false);
        Assert.Equal([shared], await IdsAsync(reader, EntryView.Shared));
        await owner.File(other).RestoreAsync();
        Assert.Equal([single, shared], await IdsAsync(reader, EntryView.Shared));
        await owner.File(shared).DeleteAsync(permanent: true);
        Assert.Equal([single], await IdsAsync(reader, EntryView.Shared));
    }

    [Fact]
    public async Task Shares_are_listed_changed_and_refused_where_they_make_no_sense()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;

        Assert.Equal((reader.Id, "", ShareRole.Viewer), Parts(Assert.Single((await owner.File(file).ShareAsync(reader.Id, ShareRole.Viewer)).Shares)));
        Assert.Equal((reader.Id, reader.Email, ShareRole.Editor), Parts(Assert.Single((await owner.File(file).ShareAsync(reader.Email, ShareRole.Editor)).Shares)));
        Assert.Equal((reader.Id, reader.Email, ShareRole.Editor), Parts(Assert.Single((await owner.File(file).ListSharesAsync()).Shares)));
        Assert.Equal(RefusalReason.Forbidden, (await reader.File(file).ListSharesAsync()).Refusal!.Reason);
        foreach (var nobody in (string[])["", "nobody@example.org", Ids.New(Ids.User), "\0", new string('x', 5_000), "\ud800@x"])
            Assert.Equal(RefusalReason.NotFound, (await owner.File(file).ShareAsync(nobody, ShareRole.Viewer)).Refusal!.Reason);
        var own = (await owner.File(file).ShareAsync(owner.Id, ShareRole.Viewer)).Refusal!;
        Assert.Equal((RefusalReason.Invalid, "An entry is not shared with its owner."), (own.Reason, own.Detail));
        Assert.Equal(RefusalReason.Invalid, (await owner.File(file).ShareAsync(reader.Id, (ShareRole)4)).Refusal!.Reason);
        Assert.Equal(3L, await host.ScalarAsync<long>("SELECT change_seq FROM users WHERE id = $1", owner.Id));
    }

    [Fact]
    public async Task Sharing_by_id_tells_no_address_and_ending_a_share_forgets_it()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        async Task<string> EmailAsync() => Assert.Single((await owner.File(file).ListSharesAsync()).Shares).Email;

        Assert.Equal("", Assert.Single((await owner.File(file).ShareAsync(reader.Id, ShareRole.Viewer)).Shares).Email);
        Assert.Equal("", await EmailAsync());
        Assert.Equal(reader.Email, Assert.Single((await owner.File(file).ShareAsync(reader.Email, ShareRole.Viewer)).Shares).Email);
        await owner.File(file).ShareAsync(reader.Id, ShareRole.Editor);
        Assert.Equal(reader.Email, await EmailAsync());
        await owner.File(file).UnshareAsync(reader.Id);
        await owner.File(file).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.Equal("", await EmailAsync());
    }

    [Fact]
    public async Task Shared_view_of_a_folder_lists_that_folder()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        await owner.File(folder).ShareAsync(reader.Id, ShareRole.Viewer);

        Assert.Equal([file], await IdsAsync(reader, EntryView.Shared, folder));
        await owner.File(folder).UnshareAsync(reader.Id);
        Assert.Equal(RefusalReason.NotFound, (await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Shared, folder, null, null, 10))).Refusal!.Reason);
    }

    [Fact]
    public async Task What_is_private_costs_a_stranger_as_much_as_what_is_not_there()
    {
        var owner = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        await owner.File(file).ForgetAsync();

        // Twice: the first look must not make the second one cheaper.
        var missing = await CostAsync(stranger, Ids.New(Ids.File));
        Assert.Equal(missing, await CostAsync(stranger, file));
        Assert.Equal(missing, await CostAsync(stranger, file));
    }

    /// <summary>Statements until the entry is found not to be there.</summary>
    private static async Task<int> CostAsync(TestUser user, string id)
    {
        using var statements = new StatementCounter();
        Assert.Equal(RefusalReason.NotFound, (await user.File(id).GetAsync()).Refusal!.Reason);
        return statements.Count;
    }

    private async Task<string> TryAllAsync(string? userId, string file)
    {
        IFileGrain As()
        {
            Caller.Set(userId, "", "test");
            return host.Grains.GetGrain<IFileGrain>(file);
        }

        Refusal?[] refusals =
        [
            (await As().GetAsync()).Refusal ?? (await As().OpenContentAsync(null)).Refusal,
            (await As().ListVersionsAsync(null, 10)).Refusal ?? (await As().OpenContentAsync(1)).Refusal,
            (await As().ChangeAsync(new ChangeEntryCommand("renamed", false, null, null, null))).Refusal,
            (await As().ChangeAsync(new ChangeEntryCommand(null, true, null, null, null))).Refusal,
            (await As().ShareAsync(Ids.New(Ids.User), ShareRole.Viewer)).Refusal is { Detail: "There is no such user." } ? null : (await As().ShareAsync("x", ShareRole.Viewer)).Refusal,
            (await As().DeleteAsync(permanent: true)).Refusal,
        ];
        return string.Concat(refusals.Select(refusal => refusal?.Reason switch
        {
            null => 'Y',
            RefusalReason.Forbidden => 'F',
            RefusalReason.NotFound => 'N',
            RefusalReason.InTrash => 'T',
            _ => '?',
        }));
    }

    private static (string UserId, string Email, ShareRole Role) Parts(Share share) => (share.UserId, share.Email, share.Role);

    private static async Task<List<string>> IdsAsync(TestUser user, EntryView view, string? folder = null) =>
        (await user.Grain.ListFilesAsync(new EntryQuery(view, folder, null, null, 100))).Entries.Select(entry => entry.Id).ToList();
}
