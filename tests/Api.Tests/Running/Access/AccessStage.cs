using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Access;

/// <summary>Who asks.</summary>
internal enum Principal
{
    Owner,
    FormerOwner,
    Editor,
    Viewer,
    Stranger,
    Visitor,
    LinkVisitor,
    WrongPassword,
    ExpiredToken,
    Administrator,
}

/// <summary>Those who ask, for one state of a file. The one who gets a transferred file is another than who had it.</summary>
internal sealed class Cast : IAsyncDisposable
{
    private readonly List<Account> _accounts = [];

    public Account Owner { get; private set; } = null!;

    public Account Heir { get; private set; } = null!;

    public Account Editor { get; private set; } = null!;

    public Account Viewer { get; private set; } = null!;

    public Account Stranger { get; private set; } = null!;

    public Account Administrator { get; private set; } = null!;

    public HttpClient Visitor { get; private set; } = null!;

    public HttpClient Expired { get; private set; } = null!;

    public static async Task<Cast> GatherAsync(VaultFixture fixture)
    {
        var cast = new Cast { Visitor = fixture.CreateClient(), Expired = fixture.CreateClient(), Administrator = fixture.Administrator };
        async Task<Account> ComeAsync()
        {
            cast._accounts.Add(await fixture.SignUpAsync());
            return cast._accounts[^1];
        }

        cast.Owner = await ComeAsync();
        cast.Heir = await ComeAsync();
        cast.Editor = await ComeAsync();
        cast.Viewer = await ComeAsync();
        cast.Stranger = await ComeAsync();
        cast.Expired.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenTests.ExpiredToken(fixture, cast.Owner.UserId));
        return cast;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var account in _accounts)
            account.Dispose();
        Visitor.Dispose();
        Expired.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A file of two versions in a folder, and what has become of it.</summary>
internal sealed class AccessStage(Cast cast, string state)
{
    public const string LinkPassword = "password of the link";

    private static int _count;

    private readonly string _number = Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);

    public Cast Cast => cast;

    public string Folder { get; private set; } = "";

    public string FolderName => $"folder {_number}";

    public string File { get; private set; } = "";

    public string FileName => $"file {_number}";

    public string LinkId { get; private set; } = "";

    public string LinkToken { get; private set; } = "";

    /// <summary>An unfinished upload of the owner's.</summary>
    public string Session { get; private set; } = "";

    /// <summary>Whose it is now.</summary>
    public Account Owner => state == "transferred" ? cast.Heir : cast.Owner;

    /// <summary>A name that nothing has.</summary>
    public static string NewName() => $"name {Guid.NewGuid():n}";

    public static async Task<AccessStage> SetAsync(Cast cast, string state)
    {
        var stage = new AccessStage(cast, state);
        await stage.SetAsync();
        return stage;
    }

    public HttpClient ClientOf(Principal principal) => principal switch
    {
        Principal.Owner => Owner.Http,
        Principal.FormerOwner => cast.Owner.Http,
        Principal.Editor => cast.Editor.Http,
        Principal.Viewer => cast.Viewer.Http,
        Principal.Stranger => cast.Stranger.Http,
        Principal.ExpiredToken => cast.Expired,
        Principal.Administrator => cast.Administrator.Http,
        _ => cast.Visitor,
    };

    /// <summary>The token of the link for those who have it; for the others one that nobody has.</summary>
    public string TokenOf(Principal principal) =>
        principal is Principal.LinkVisitor or Principal.WrongPassword ? LinkToken : new string('A', LinkToken.Length);

    /// <summary>What must be as it was after everything that was refused.</summary>
    public async Task<string> SnapshotAsync()
    {
        var parts = new List<string>();
        foreach (var path in (string[])[$"/v1/files/{File}", $"/v1/files/{File}/versions", $"/v1/files/{File}/shares", $"/v1/uploads/{Session}", $"/v1/files?parentId={Folder}"])
        {
            using var response = await Owner.Http.GetAsync(path);
            var text = await response.Content.ReadAsStringAsync();
            parts.Add($"{(int)response.StatusCode} {(response.IsSuccessStatusCode ? text : "")}");
        }

        return string.Join('\n', parts);
    }

    private async Task SetAsync()
    {
        var owner = cast.Owner;
        Folder = IdOf(await owner.MakeFolderAsync(FolderName));
        File = IdOf(await owner.PutFileAsync(FileName, [1, 2, 3]));
        await owner.PatchAsync(File, new { parentId = Folder });
        await UploadVersionAsync(owner, [4, 5, 6]);
        Session = IdOf(await Done(owner.PostAsync("/v1/uploads", new { fileId = File, size = 3, mode = "direct" })));
        var shared = state == "via folder" ? Folder : File;
        foreach (var (reader, role) in ((Account, string)[])[(cast.Editor, "editor"), (cast.Viewer, "viewer")])
            await Done(owner.Http.PutAsJsonAsync($"/v1/files/{shared}/shares/{reader.UserId}", new { role }));
        var link = await Done(owner.PostAsync($"/v1/files/{shared}/links", new { password = LinkPassword }));
        (LinkId, LinkToken) = (IdOf(link), link.GetProperty("url").GetString()!.Split('/')[^1]);
        await ChangeAsync(owner);
    }

    private async Task ChangeAsync(Account owner)
    {
        if (state is "private" or "public")
        {
            foreach (var reader in (Account[])[cast.Editor, cast.Viewer])
                await Done(owner.Http.DeleteAsync($"/v1/files/{File}/shares/{reader.UserId}"));
            await Done(owner.Http.DeleteAsync($"/v1/links/{LinkId}"));
        }

        switch (state)
        {
            case "public":
                await owner.PatchAsync(File, new { visibility = "public" });
                break;
            case "trashed":
                await Done(owner.Http.DeleteAsync($"/v1/files/{File}"));
                break;
            case "purged":
                await Done(owner.Http.DeleteAsync($"/v1/files/{File}?permanent=true"));
                break;
            case "transferred":
                await Done(owner.PostAsync($"/v1/files/{File}/transfer", new { to = cast.Heir.UserId }));
                await Done(cast.Heir.Http.PostAsync($"/v1/files/{File}/transfer/accept", null));
                break;
        }
    }

    private async Task UploadVersionAsync(Account user, byte[] content)
    {
        var id = IdOf(await Done(user.PostAsync("/v1/uploads", new { fileId = File, size = content.Length })));
        await Done(user.PutPartAsync(id, 1, content));
        await Done(user.CompleteAsync(id));
    }

    private static async Task<System.Text.Json.JsonElement> Done(Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        Assert.True(response.IsSuccessStatusCode, $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri}: {await response.Content.ReadAsStringAsync()}");
        return response.Content.Headers.ContentLength is null or > 0 ? await JsonAsync(response) : default;
    }
}
