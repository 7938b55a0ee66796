using System.Globalization;
using GrainVault.Audit;

namespace GrainVault.Files;

/// <summary>What the audit calls commands on files.</summary>
internal static class FileNotes
{
    /// <summary>A change of one thing by its own name, of several as a change.</summary>
    public static AuditNote Of(ChangeEntryCommand command)
    {
        var action = (command.Name, command.IsMove, command.Visibility) switch
        {
            ({ }, false, null) => AuditActions.Rename,
            (null, true, null) => AuditActions.Move,
            (null, false, Visibility.Public) => AuditActions.Publish,
            (null, false, Visibility.Private) => AuditActions.Hide,
            _ => AuditActions.Change,
        };
        return AuditNote.Of(
            action,
            ("name", command.Name),
            ("parentId", command.IsMove ? command.ParentId ?? "" : null),
            ("visibility", command.Visibility?.ToString().ToLowerInvariant()));
    }

    /// <summary>
    /// An upload; of a session that is named, so that its creation and its parts can be found in the log. Whose it was is said where
    /// somebody else finishes it, such as the janitor.
    /// </summary>
    public static AuditNote Of(CommitVersionCommand command) => AuditNote.Of(
        AuditActions.Upload,
        ("by", Caller.ActorId == (command.ActorId ?? command.OwnerId) ? null : command.ActorId ?? command.OwnerId),
        ("size", command.SizeBytes.ToString(CultureInfo.InvariantCulture)),
        ("checksum", command.Checksum),
        ("uploadId", command.UploadId));

    /// <summary>Something about one version.</summary>
    public static AuditNote OfVersion(string action, int number, bool andOlder = false) =>
        AuditNote.Of(action, (andOlder ? "through" : "version", number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A share with a user, or its end.</summary>
    public static AuditNote OfShare(string action, string userId, ShareRole? role = null) =>
        AuditNote.Of(action, ("userId", userId), ("role", role?.ToString().ToLowerInvariant()));
}
