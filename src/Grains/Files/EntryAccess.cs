using Npgsql;

namespace GrainVault.Files;

/// <summary>What a user may do with an entry; each role may do what those before it may. The numbers are those of <c>entry_access</c> in <c>sql/</c>.</summary>
internal enum EntryRole
{
    /// <summary>Nothing, and must not learn that it exists.</summary>
    None = 0,

    /// <summary>Anybody: reads metadata and content of what is public.</summary>
    Visitor = 1,

    /// <summary>Reads versions, too.</summary>
    Viewer = 2,

    /// <summary>Adds and restores versions, and renames.</summary>
    Editor = 3,

    /// <summary>Everything.</summary>
    Owner = 4,
}

/// <summary>Roles as others are told.</summary>
internal static class EntryRoleExtensions
{
    /// <summary>What an entry is shared as with who has this role; null for the owner and for who has no share of it.</summary>
    public static ShareRole? AsShare(this EntryRole role) => role switch
    {
        EntryRole.Viewer => ShareRole.Viewer,
        EntryRole.Editor => ShareRole.Editor,
        _ => null,
    };
}

/// <summary>What somebody else than the owner may do with an entry, and whether he sees the folder that it stands in.</summary>
internal readonly record struct EntrySight(EntryRole Role, bool SeesFolder)
{
    /// <summary>Parameters: entry, user. No row when there is no such entry.</summary>
    public const string Sql = "SELECT role, sees_folder FROM entry_sight($1, $2)";

    public static async Task<EntrySight> ReadAsync(NpgsqlDataReader reader) =>
        await reader.ReadAsync() ? new EntrySight((EntryRole)reader.GetInt32(0), reader.GetBoolean(1)) : default;

    /// <summary>The entry for who sees it so: with what it was shared as, and in its folder only when he sees that.</summary>
    public Entry Show(Entry entry) => entry with { ParentId = SeesFolder ? entry.ParentId : null, Role = Role.AsShare() };
}

/// <summary>The decision of the function <c>entry_access</c>, the one place that decides access.</summary>
/// <param name="Role">What the user may do.</param>
/// <param name="IsLive">Nothing on the way from the entry to the root is in the trash.</param>
/// <param name="Kind">What the entry is.</param>
/// <param name="OwnerId">Whose it is.</param>
internal sealed record EntryAccess(EntryRole Role, bool IsLive, EntryKind Kind, string OwnerId)
{
    /// <summary>Parameters: entry, user. No row when there is no such entry.</summary>
    public const string Sql = "SELECT role, is_live, kind, owner_id FROM entry_access($1, $2)";

    public static EntryAccess Read(NpgsqlDataReader reader) =>
        new((EntryRole)reader.GetInt32(0), reader.GetBoolean(1), (EntryKind)reader.GetInt32(2), reader.GetString(3));
}
