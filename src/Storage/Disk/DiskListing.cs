namespace GrainVault.Storage.Disk;

/// <summary>One thing that a listing found.</summary>
/// <param name="Position">Its raw name, relative to the folder of keys: where the next page goes on.</param>
internal readonly record struct DiskEntry(string Position)
{
    private int PlusIndex => Position.LastIndexOf('+');

    /// <summary>The key it belongs to.</summary>
    public string Key => Position[..PlusIndex];

    /// <summary>True for an object, false for a folder of parts.</summary>
    public bool IsObject => Position.EndsWith(DiskLayout.ObjectSuffix, StringComparison.Ordinal);

    /// <summary>Id of the upload whose folder of parts this is.</summary>
    public string UploadId => Position[(Position.LastIndexOf('-') + 1)..];

    /// <summary>True for a folder of parts that a completion has fenced.</summary>
    public bool IsSealed => Position.AsSpan(PlusIndex).StartsWith(DiskLayout.SealedInfix, StringComparison.Ordinal);
}

/// <summary>
/// Pages of what stands under the folder of keys, in the order of keys. Memory is one page per level of folders, however
/// many entries a folder has: a page keeps only the smallest names after the last page's end.
/// </summary>
internal sealed class DiskListing(DiskLayout layout)
{
    /// <summary>Entries of one page, and names kept of one folder at a time.</summary>
    public const int PageCountMax = 1000;

    /// <summary>The next entries after <paramref name="after"/>; fewer than <see cref="PageCountMax"/> only at the end.</summary>
    /// <param name="prefix">Prefix of the keys.</param>
    /// <param name="after">Position of the last entry of the page before; empty at the start.</param>
    /// <param name="objects">Objects, or folders of parts.</param>
    public List<DiskEntry> NextPage(string prefix, string after, bool objects)
    {
        var page = new List<DiskEntry>();
        Collect("", prefix, after, objects, page);
        return page;
    }

    private void Collect(string folder, string prefix, string after, bool objects, List<DiskEntry> page)
    {
        var last = "";
        while (page.Count < PageCountMax)
        {
            var names = SmallestNames(folder, prefix, after, last, objects);
            foreach (var name in names)
            {
                if (page.Count == PageCountMax)
                    return;
                if (name[^1] == '/')
                    Collect(name, prefix, after, objects, page);
                else
                    page.Add(new DiskEntry(name));
            }

            if (names.Length < PageCountMax)
                return;
            last = names[^1];
        }
    }

    /// <summary>The smallest names in one folder that are after both positions, sorted; folders of keys end in a slash.</summary>
    private string[] SmallestNames(string folder, string prefix, string after, string last, bool objects)
    {
        var smallest = new PriorityQueue<string, string>(Comparer<string>.Create((x, y) => string.CompareOrdinal(y, x)));
        try
        {
            foreach (var info in new DirectoryInfo(Path.Combine(layout.Keys, folder)).EnumerateFileSystemInfos())
            {
                var name = Relevant(folder, info, objects);
                if (name is null || string.CompareOrdinal(name, last) <= 0 || !Matches(name, prefix) || IsPast(name, after))
                    continue;
                if (smallest.Count < PageCountMax)
                    smallest.Enqueue(name, name);
                else
                    smallest.EnqueueDequeue(name, name);
            }
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }

        var names = new string[smallest.Count];
        for (var i = names.Length - 1; i >= 0; i--)
            names[i] = smallest.Dequeue();
        return names;
    }

    /// <summary>The name relative to the folder of keys, or null for what is not wanted or not ours.</summary>
    private static string? Relevant(string folder, FileSystemInfo info, bool objects)
    {
        var isFolder = info.Attributes.HasFlag(FileAttributes.Directory);
        var plus = info.Name.IndexOf('+');
        if (!ObjectKeys.IsValid(plus < 0 ? info.Name : info.Name[..plus]))
            return null;
        if (plus < 0)
            return isFolder ? $"{folder}{info.Name}/" : null;
        var kind = info.Name.AsSpan(plus);
        var wanted = isFolder
            ? !objects && (IsUpload(kind, DiskLayout.OpenInfix) || IsUpload(kind, DiskLayout.SealedInfix))
            : objects && kind.SequenceEqual(DiskLayout.ObjectSuffix);
        return wanted ? folder + info.Name : null;
    }

    private static bool IsUpload(ReadOnlySpan<char> kind, string infix) =>
        kind.StartsWith(infix, StringComparison.Ordinal) && DiskLayout.IsUploadId(kind[infix.Length..].ToString());

    private static bool Matches(string name, string prefix)
    {
        if (name[^1] == '/')
            return name.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(name, StringComparison.Ordinal);
        return new DiskEntry(name).Key.StartsWith(prefix, StringComparison.Ordinal);
    }

    /// <summary>True when everything that a name stands for was on an earlier page.</summary>
    private static bool IsPast(string name, string after) =>
        name[^1] == '/'
            ? string.CompareOrdinal(name, after) < 0 && !after.StartsWith(name, StringComparison.Ordinal)
            : string.CompareOrdinal(name, after) <= 0;
}
