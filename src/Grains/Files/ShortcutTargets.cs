using GrainVault.Data;

namespace GrainVault.Files;

/// <summary>What shortcuts point to, for who looks at them: asked every time, since shares end and files go without the shortcut.</summary>
internal sealed class ShortcutTargets(CatalogueDatabase database)
{
    /// <summary>The entry, and for a shortcut what became of its target.</summary>
    public async ValueTask<Entry> ShowAsync(Entry entry, string? userId, CancellationToken cancellationToken) =>
        entry.TargetId is null ? entry : (await ShowAsync([entry], userId, cancellationToken))[0];

    /// <summary>The same for a list, in one look.</summary>
    public async ValueTask<List<Entry>> ShowAsync(List<Entry> entries, string? userId, CancellationToken cancellationToken)
    {
        string[] targets = [.. entries.Select(entry => entry.TargetId).OfType<string>().Distinct()];
        if (targets.Length == 0)
            return entries;
        var live = (await database.ReadAsync(
            "SELECT t FROM unnest($1) t WHERE target_is_live(t, $2)",
            parameters => parameters.Texts(targets).Text(userId),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken)).ToHashSet(StringComparer.Ordinal);
        return entries.ConvertAll(entry => entry.TargetId is { } target
            ? entry with { TargetState = live.Contains(target) ? TargetState.Live : TargetState.Gone }
            : entry);
    }
}
