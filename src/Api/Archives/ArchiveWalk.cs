using System.Runtime.CompilerServices;
using GrainVault.Accounts;
using GrainVault.Api.Gateway;
using GrainVault.Files;

namespace GrainVault.Api.Archives;

/// <summary>Something that goes into an archive.</summary>
/// <param name="Path">Path in the archive; that of a folder ends in a slash.</param>
/// <param name="Entry">What it is.</param>
internal readonly record struct ArchiveItem(string Path, ArchiveEntry Entry);

/// <summary>
/// Goes through entries and all that is below them, a folder before what is in it. Holds a page of each folder on the way down, and the
/// names of these folders. What is gone, or may not be read any more, when its turn comes is left out.
/// </summary>
/// <param name="list">Lists some of what stands in a folder, after what the page before ended with.</param>
internal sealed class ArchiveWalk(Func<string, string?, CancellationToken, Task<ArchivePageResult>> list)
{
    /// <summary>Of what a user may read.</summary>
    public static ArchiveWalk Of(IUserGrain user, GrainCalls calls) => new(
        (folderId, after, cancellationToken) => calls.RepeatableAsync(
            (user, folderId, after), static (call, token) => call.user.ListArchiveAsync(call.folderId, call.after, token), cancellationToken));

    /// <summary>What goes into an archive of these, in its order.</summary>
    public async IAsyncEnumerable<ArchiveItem> ItemsAsync(List<ArchiveEntry> roots, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var way = new Stack<Place>();
        way.Push(new Place("", null, roots));
        while (way.TryPeek(out var place))
        {
            if (!await place.MoveNextAsync(list, cancellationToken))
            {
                way.Pop();
                continue;
            }

            var entry = place.Current;
            var path = place.Path + place.Names.Add(entry.Name);
            if (entry.Kind == EntryKind.Folder)
            {
                yield return new ArchiveItem(path + "/", entry);
                way.Push(new Place(path + "/", entry.Id, []));
            }
            else
            {
                yield return new ArchiveItem(path, entry);
            }
        }
    }

    /// <summary>A folder on the way down, and how far it was gone through.</summary>
    private sealed class Place(string path, string? folderId, List<ArchiveEntry> entries)
    {
        private List<ArchiveEntry> _entries = entries;
        private int _index = -1;
        private string? _after;
        private bool _isLast = folderId is null;

        public string Path => path;

        public ZipNames Names { get; } = new();

        public ArchiveEntry Current => _entries[_index];

        public async ValueTask<bool> MoveNextAsync(Func<string, string?, CancellationToken, Task<ArchivePageResult>> list, CancellationToken cancellationToken)
        {
            while (++_index >= _entries.Count)
            {
                if (_isLast)
                    return false;
                var page = await list(folderId!, _after, cancellationToken);
                (_entries, _after, _index) = (page.Entries, page.Next, -1);
                _isLast = page.Next is null;
            }

            return true;
        }
    }
}
