namespace GrainVault.Inbox;

/// <summary>Why an object stays in the inbox; stable, since they are labels of a metric and stand in the output of fsck.</summary>
public static class InboxReasons
{
    /// <summary>The key names no user or no file, or has what no request can name.</summary>
    public const string InvalidKey = "invalid-key";

    /// <summary>There is no such user.</summary>
    public const string NoUser = "no-user";

    /// <summary>The user's quota does not allow it.</summary>
    public const string Quota = "quota";

    /// <summary>Larger than a file may be, or than the store's largest object.</summary>
    public const string TooLarge = "too-large";

    /// <summary>The user has a thousand files of this name already, counted ones too.</summary>
    public const string NameTaken = "name-taken";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [InvalidKey, NoUser, Quota, TooLarge, NameTaken];
}
