using System.Reflection;
using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Audit;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;
using GrainVault.Webhooks;
using Orleans.Concurrency;

namespace GrainVault.Grains.Tests.Audit;

/// <summary>Every command of the grains that users reach stands here: what the audit calls it, or why it is not in there.</summary>
public sealed class CoverageTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    private static readonly Type[] Interfaces = [typeof(IFileGrain), typeof(IUserGrain), typeof(IAccountGrain), typeof(ILoginGrain), typeof(IAdminGrain), typeof(IUploadSessionGrain), typeof(IPartWriterGrain), typeof(ILinkGrain)];

    /// <summary>Commands by the actions that they make.</summary>
    private static readonly Dictionary<string, string[]> Audited = new()
    {
        ["IUploadSessionGrain.CreateAsync"] = [AuditActions.UploadBegin],
        ["IUploadSessionGrain.AbortAsync"] = [AuditActions.UploadEnd],
        ["ILinkGrain.CreateUploadAsync"] = [AuditActions.UploadBegin],
        ["IFileGrain.CommitVersionAsync"] = [AuditActions.Upload],
        ["IFileGrain.CreateFolderAsync"] = [AuditActions.CreateFolder],
        ["IFileGrain.CopyFromAsync"] = [AuditActions.Copy],
        ["IFileGrain.CreateShortcutAsync"] = [AuditActions.CreateShortcut],
        ["IFileGrain.OfferTransferAsync"] = [AuditActions.TransferOffer],
        ["IFileGrain.EndTransferAsync"] = [AuditActions.TransferEnd],
        ["IFileGrain.AcceptTransferAsync"] = [AuditActions.Transfer],
        ["IFileGrain.RestoreMatchingAsync"] = [AuditActions.Restore],
        ["IFileGrain.RestoreVersionMatchingAsync"] = [AuditActions.RestoreVersion],
        ["IFileGrain.DeleteMatchingAsync"] = [AuditActions.Trash, AuditActions.Purge],
        ["IFileGrain.CreateLinkAsync"] = [AuditActions.LinkCreate],
        ["IUserGrain.EmptyTrashAsync"] = [AuditActions.Purge],
        ["IUserGrain.GoOnEmptyingAsync"] = [AuditActions.Purge],
        ["IUserGrain.RevokeLinkAsync"] = [AuditActions.LinkRevoke],
        ["ILinkGrain.OpenContentAsync"] = [AuditActions.Download],
        ["ILinkGrain.OpenArchiveEntryAsync"] = [AuditActions.Download],
        ["IUploadSessionGrain.ProveAsync"] = [AuditActions.Upload],
        ["IFileGrain.ChangeAsync"] = [AuditActions.Rename, AuditActions.Move, AuditActions.Publish, AuditActions.Hide, AuditActions.Change],
        ["IFileGrain.RestoreAsync"] = [AuditActions.Restore],
        ["IFileGrain.RestoreVersionAsync"] = [AuditActions.RestoreVersion],
        ["IFileGrain.DeleteVersionAsync"] = [AuditActions.RemoveVersion],
        ["IFileGrain.ExpireVersionAsync"] = [AuditActions.RemoveVersion],
        ["IFileGrain.ShareAsync"] = [AuditActions.Share],
        ["IFileGrain.UnshareAsync"] = [AuditActions.Unshare],
        ["IFileGrain.DeleteAsync"] = [AuditActions.Trash, AuditActions.Purge],
        ["IFileGrain.ExpireTrashAsync"] = [AuditActions.Purge],
        ["IFileGrain.PurgeAsync"] = [AuditActions.Purge],
        ["IUserGrain.ChangePasswordAsync"] = [AuditActions.Password, AuditActions.WebhookDisable],
        ["IUserGrain.CreateWebhookAsync"] = [AuditActions.WebhookCreate],
        ["IUserGrain.SwitchWebhookAsync"] = [AuditActions.WebhookDisable, AuditActions.WebhookEnable],
        ["IUserGrain.DeleteWebhookAsync"] = [AuditActions.WebhookDelete],
        ["IAccountGrain.SignUpAsync"] = [AuditActions.SignUp],
        ["IAccountGrain.LogInAsync"] = [AuditActions.SignIn, AuditActions.SignInFailed],
        ["ILoginGrain.RefreshAsync"] = [AuditActions.TokenReused],
        ["ILoginGrain.EndAsync"] = [AuditActions.SignOut],
        ["IAdminGrain.SetQuotaAsync"] = [AuditActions.Quota],
        ["IUploadSessionGrain.CompleteAsync"] = [AuditActions.Upload],
        ["IUploadSessionGrain.FinishStagedAsync"] = [AuditActions.Upload],
        ["IUploadSessionGrain.RecoverAsync"] = [AuditActions.Upload],
        ["IPartWriterGrain.WriteFileAsync"] = [AuditActions.Upload],
    };

    /// <summary>Commands after which nobody's files are other than before.</summary>
    private static readonly Dictionary<string, string> NotAudited = new()
    {
        ["IFileGrain.FinishTransferAsync"] = "tells grains of a transfer that is audited",
        ["IFileGrain.ForgetAsync"] = "forgets memory",
        ["IFileGrain.RecordSha256Async"] = "computes what the content has already",
        ["IUserGrain.BindIdempotencyKeyAsync"] = "the command that follows is audited",
        ["IUploadSessionGrain.GetAsync"] = "reads",
        ["IUploadSessionGrain.PlanPartAsync"] = "part of an upload",
        ["IUploadSessionGrain.BeginPartAsync"] = "part of an upload",
        ["IUploadSessionGrain.KeepPartAsync"] = "part of an upload",
        ["IUploadSessionGrain.EndPartAsync"] = "part of an upload",
        ["IUploadSessionGrain.PresignAsync"] = "part of an upload",
        ["IPartWriterGrain.WritePartAsync"] = "part of an upload",
        ["ILinkGrain.GetAsync"] = "reads metadata",
        ["ILinkGrain.OpenUploadAsync"] = "asks for a right",
        ["ILinkGrain.AdmitFileAsync"] = "asks for a right",
        ["ILinkGrain.GiveBackAsync"] = "part of a download",
        ["ILinkGrain.UnlockAsync"] = "checks a password; what is opened with it is audited",
        ["ILinkGrain.ListAsync"] = "reads metadata",
        ["ILinkGrain.MeasureArchiveAsync"] = "reads metadata",
        ["ILinkGrain.BeginArchiveAsync"] = "counts a download; each file that is opened for it is audited",
        ["ILinkGrain.ListArchiveAsync"] = "reads metadata",
    };

    [Fact]
    public void Every_command_is_audited_or_says_why_not()
    {
        var commands = Interfaces.SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<ReadOnlyAttribute>() is null).Select(method => $"{type.Name}.{method.Name}"));

        Assert.Empty(commands.Except(Audited.Keys).Except(NotAudited.Keys));
        Assert.Empty(Audited.Keys.Intersect(NotAudited.Keys));
    }

    [Fact]
    public async Task Every_audited_command_makes_its_rows_with_the_one_who_gave_it()
    {
        var user = await host.SignUpAsync();
        await DriveFilesAsync(user);
        await DriveAccountAsync(user);

        var lines = await host.LinesAsync(user.Id);
        foreach (var action in Audited.Values.SelectMany(actions => actions).Distinct())
            Assert.Contains(lines, line => line.Split(' ')[1] == action);
        Assert.DoesNotContain(lines, line => line.StartsWith("unknown", StringComparison.Ordinal));
        // Nothing was called by the kind of the change alone.
        Assert.DoesNotContain(lines, line => line.Split(' ')[1] == AuditActions.Create);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM audit WHERE owner_id = $1 AND actor_kind = 'user' AND coalesce(actor_id, '') = ''", user.Id));
        await host.IntactAsync(user.Id);
    }

    private async Task DriveFilesAsync(TestUser user)
    {
        var other = await host.SignUpAsync();
        var folder = await user.FolderAsync("folder");
        var file = (await user.WriteFileAsync("file.bin", [1])).Entry!.Id;
        var upload = await user.CreateAsync(TestUser.Command("file.bin", 2) with { Name = null, FileId = file });
        await user.PutAsync(upload.Id, 1, [1, 2]);
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
        Assert.Null((await user.File(file).RestoreVersionAsync(1)).Refusal);
        Assert.Null((await user.File(file).DeleteVersionAsync(2)).Refusal);
        Assert.Null((await user.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "copy.bin", false, null, OnConflict.Fail))).Refusal);
        var given = (await user.WriteFileAsync("given.bin", [1])).Entry!.Id;
        Assert.Null((await user.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(given, null, "way"))).Refusal);
        Assert.Null((await user.File(given).OfferTransferAsync(other.Id)).Refusal);
        Assert.Null((await other.File(given).EndTransferAsync()).Refusal);
        Assert.Null((await user.File(given).OfferTransferAsync(other.Id)).Refusal);
        Assert.Null((await other.File(given).AcceptTransferAsync()).Refusal);
        Assert.Contains("user transfer given.bin", await host.LinesAsync(other.Id));
        await host.IntactAsync(other.Id);
        var (linkId, token) = (Ids.New(Ids.Link), LinkTokens.New());
        Assert.Null((await user.File(file).CreateLinkAsync(new CreateLinkCommand(linkId, LinkTokens.Hash(token), LinkRole.View, "open", null, 5))).Refusal);
        Caller.Set(null, null, "visit");
        var proof = (await host.Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token)).UnlockAsync("open")).Proof;
        Assert.Null((await host.Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token)).OpenContentAsync(new LinkPass(proof, null), null, isDownload: true)).Refusal);
        Assert.Null((await user.Grain.RevokeLinkAsync(linkId)).Refusal);
        await Poll.UntilAsync(async () => (await host.LinesAsync(user.Id)).Any(line => line.StartsWith("link download", StringComparison.Ordinal)), "the download is written");
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM audit WHERE owner_id = $1 AND (position($2 IN audit::text) > 0 OR position('open' IN detail) > 0)", user.Id, token));
        Assert.Null((await user.ChangeAsync(file, name: "renamed.bin")).Refusal);
        Assert.Null((await user.ChangeAsync(file, move: true, parentId: folder)).Refusal);
        Assert.Null((await user.ChangeAsync(file, visibility: Visibility.Public)).Refusal);
        Assert.Null((await user.ChangeAsync(file, visibility: Visibility.Private)).Refusal);
        Assert.Null((await user.ChangeAsync(file, name: "both.bin", visibility: Visibility.Public)).Refusal);
        Assert.Null((await user.File(file).ShareAsync(other.Id, ShareRole.Viewer)).Refusal);
        Assert.Null((await user.File(file).UnshareAsync(other.Id)).Refusal);
        Assert.Null((await user.File(folder).ShareAsync(other.Id, ShareRole.Editor)).Refusal);
        Assert.Null((await other.Session((await other.CreateAsync(TestUser.Command("begun.bin", 1, parentId: folder))).Id).AbortAsync()).Refusal);
        Assert.Null((await user.File(file).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.File(file).RestoreAsync()).Refusal);
        Assert.Null((await user.File(file).DeleteAsync(permanent: true)).Refusal);
        var emptied = (await user.WriteFileAsync("emptied.bin", [1])).Entry!.Id;
        Assert.Null((await user.File(emptied).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.Grain.EmptyTrashAsync()).Refusal);
        Assert.Contains("user purge emptied.bin", await host.LinesAsync(user.Id));
    }

    private async Task DriveAccountAsync(TestUser user)
    {
        var webhook = new CreateWebhookCommand(Ids.New(Ids.Webhook), "https://hooks.example.org/a-secret-of-the-user", null);
        var secret = (await user.Grain.CreateWebhookAsync(webhook)).Secret!;
        Assert.Null((await user.Grain.CreateWebhookAsync(webhook)).Refusal);
        Assert.Null((await user.Grain.SwitchWebhookAsync(webhook.Id, false)).Refusal);
        Assert.Null((await user.Grain.SwitchWebhookAsync(webhook.Id, true)).Refusal);
        Assert.Null((await user.Grain.DeleteWebhookAsync(webhook.Id)).Refusal);
        Assert.NotNull((await user.Grain.DeleteWebhookAsync(webhook.Id)).Refusal);
        Assert.Equal(4, (await host.LinesAsync(user.Id)).Count(line => line.StartsWith("user webhook-", StringComparison.Ordinal)));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM audit WHERE owner_id = $1 AND (position('a-secret' IN audit::text) > 0 OR position($2 IN audit::text) > 0)", user.Id, secret));
        var account = host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(user.Email));
        await using (var command = host.Identity.CreateCommand($"UPDATE accounts SET roles = 'admin' WHERE id = '{user.Id}'"))
            await command.ExecuteNonQueryAsync();
        Assert.Null((await user.Grains.GetGrain<IAdminGrain>(user.Id).SetQuotaAsync(user.Id, 1 << 30)).Refusal);
        var signIn = (await account.LogInAsync(new LogInCommand(user.Email, GrainsHost.Password))).SignIn!;
        Assert.NotNull((await account.LogInAsync(new LogInCommand(user.Email, "wrong but long enough"))).Refusal);
        await user.Grains.GetGrain<ILoginGrain>(signIn.LoginId).EndAsync();
        var changed = (await user.Grain.ChangePasswordAsync(GrainsHost.Password, "another long passphrase 9")).SignIn!;
        Assert.Null((await user.Grains.GetGrain<ILoginGrain>(changed.LoginId).RefreshAsync(changed.RefreshToken)).Refusal);
        Assert.NotNull((await user.Grains.GetGrain<ILoginGrain>(changed.LoginId).RefreshAsync(changed.RefreshToken)).Refusal);
        await Poll.UntilAsync(async () => (await host.LinesAsync(user.Id)).Any(line => line.EndsWith("sign-in-failed", StringComparison.Ordinal)), "the failure is written");
    }
}
