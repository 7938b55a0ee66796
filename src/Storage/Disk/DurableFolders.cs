using System.Collections.Concurrent;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Folders under the store's root that are known to be durable: created, and their names flushed. A folder that merely
/// exists is not enough, since another process may have created it a moment ago and not flushed it yet.
/// </summary>
internal sealed class DurableFolders(DiskCalls calls, string root)
{
    /// <summary>Folders remembered; past it, all are forgotten and flushed again on next use.</summary>
    public const int CountMax = 65_536;

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Creates the root and those of its parents that are missing.</summary>
    public void EnsureRoot()
    {
        var missing = new Stack<string>();
        for (var folder = root; !Directory.Exists(folder); folder = Path.GetDirectoryName(folder)!)
            missing.Push(folder);
        while (missing.TryPop(out var folder))
            CreateAndFlush(folder);
        _known[root] = true;
    }

    /// <summary>Creates a folder below the root with its missing parents, and flushes each new name.</summary>
    public void Ensure(string folder)
    {
        if (_known.ContainsKey(folder))
            return;
        Invariant.That(folder.StartsWith(root, StringComparison.Ordinal), "folders are below the root");
        Ensure(Path.GetDirectoryName(folder)!);
        CreateAndFlush(folder);
        if (_known.Count >= CountMax)
            Forget();
        _known[folder] = true;
    }

    /// <summary>Forgets all, after a folder turned out to be gone.</summary>
    public void Forget()
    {
        _known.Clear();
        _known[root] = true;
    }

    private void CreateAndFlush(string folder)
    {
        if (!Directory.Exists(folder))
            calls.CreateDirectory(folder);
        var parent = Path.GetDirectoryName(folder)!;
        using var handle = NativeDirectory.Open(parent);
        calls.FlushDirectory(handle, parent);
    }
}
