namespace GrainVault.Audit;

/// <summary>The actions that stand in the audit. Clients filter by them, so they stay as they are.</summary>
public static class AuditActions
{
    /// <summary>A file, folder or shortcut came to be, by a command that says no more.</summary>
    public const string Create = "create";

    /// <summary>Something about an entry changed, by a command that says no more, or in several ways at once.</summary>
    public const string Change = "change";

    /// <summary>A file or a version was uploaded.</summary>
    public const string Upload = "upload";

    /// <summary>Somebody else than the owner opened an upload session, on the owner's quota.</summary>
    public const string UploadBegin = "upload-begin";

    /// <summary>Such a session ended without a file.</summary>
    public const string UploadEnd = "upload-end";

    /// <summary>A folder was made.</summary>
    public const string CreateFolder = "create-folder";

    /// <summary>An entry got another name.</summary>
    public const string Rename = "rename";

    /// <summary>An entry came to another folder.</summary>
    public const string Move = "move";

    /// <summary>Anybody may read an entry from now on.</summary>
    public const string Publish = "publish";

    /// <summary>Nobody but those it is shared with may read an entry from now on.</summary>
    public const string Hide = "hide";

    /// <summary>An entry went to the trash.</summary>
    public const string Trash = "trash";

    /// <summary>An entry came out of the trash.</summary>
    public const string Restore = "restore";

    /// <summary>An entry was removed for good.</summary>
    public const string Purge = "purge";

    /// <summary>An older version became the current one.</summary>
    public const string RestoreVersion = "restore-version";

    /// <summary>Versions were removed.</summary>
    public const string RemoveVersion = "remove-version";

    /// <summary>An entry was shared with a user, or a share got another role.</summary>
    public const string Share = "share";

    /// <summary>A share ended.</summary>
    public const string Unshare = "unshare";

    /// <summary>A link to an entry was made.</summary>
    public const string LinkCreate = "link-create";

    /// <summary>A link was ended.</summary>
    public const string LinkRevoke = "link-revoke";

    /// <summary>An entry was offered to another user.</summary>
    public const string TransferOffer = "transfer-offer";

    /// <summary>An offer was taken back, declined, too old, or ended since something that it stands in was given away.</summary>
    public const string TransferEnd = "transfer-end";

    /// <summary>An entry became another user's; in the audit of both.</summary>
    public const string Transfer = "transfer";

    /// <summary>A shortcut was made.</summary>
    public const string CreateShortcut = "create-shortcut";

    /// <summary>A file was made as a copy of another one.</summary>
    public const string Copy = "copy";

    /// <summary>Somebody else than the owner opened content.</summary>
    public const string Download = "download";

    /// <summary>The account was made.</summary>
    public const string SignUp = "sign-up";

    /// <summary>Somebody signed in with the password.</summary>
    public const string SignIn = "sign-in";

    /// <summary>Somebody gave a wrong password.</summary>
    public const string SignInFailed = "sign-in-failed";

    /// <summary>A login was ended.</summary>
    public const string SignOut = "sign-out";

    /// <summary>A refresh token came a second time, so its login was ended.</summary>
    public const string TokenReused = "token-reused";

    /// <summary>The password was changed.</summary>
    public const string Password = "password";

    /// <summary>The user's changes are sent to an address from now on.</summary>
    public const string WebhookCreate = "webhook-create";

    /// <summary>A webhook was removed.</summary>
    public const string WebhookDelete = "webhook-delete";

    /// <summary>A webhook was disabled: by the user, by a change of the password, or since its deliveries failed.</summary>
    public const string WebhookDisable = "webhook-disable";

    /// <summary>A webhook was enabled again.</summary>
    public const string WebhookEnable = "webhook-enable";

    /// <summary>An administrator changed the quota.</summary>
    public const string Quota = "quota";

    /// <summary>The operator made the account an administrator.</summary>
    public const string AdminGrant = "admin-grant";

    /// <summary>The operator took the right of administrators away.</summary>
    public const string AdminRevoke = "admin-revoke";

    /// <summary>The oldest rows of the chain were removed by age.</summary>
    public const string AuditPrune = "audit-prune";
}
