using System.Runtime.CompilerServices;
using GrainVault.Accounts;
using GrainVault.Api.Auth;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Links;

namespace GrainVault.Api.Archives;

/// <summary>Something that goes into an archive.</summary>
/// <param name="Path">Path in the archive; that of a folder ends in a slash.</param>
/// <param name="Entry">What it is.</param>
internal readonly record struct ArchiveItem(string Path, ArchiveEntry Entry);

/// <summary>
/// Goes through entries and all that is below them, a folder before what is in it. Holds a page of each folder on the way down, and the
/// names of these folders. Whether something may be read is decided when its turn comes, of each file by itself: what is gone, or may not be read
/// any more, is left out.
/// </summary>
/// <param name="list">Lists some of what stands in a folder, after what the page before ended with.</param>
/// <param name="open">Looks at a file once more, right before its content is read.</param>
internal sealed class ArchiveWalk(
    Func<string, string?, CancellationToken, Task<ArchivePageResult>> list, Func<string, CancellationToken, Task<ArchiveEntryResult>> open)
{
    /// <summary>Of what a user may read, as long as the login is alive that asked for it.</summary>
    /// <exception cref="ProblemException">From <see cref="ItemsAsync"/>: the login has ended.</exception>
    public static ArchiveWalk Of(IUserGrain user, string userId, LoginWatch? login, GrainCalls calls) => new(
        async (folderId, after, cancellationToken) =>
        {
            await CheckAsync(login, cancellationToken);
            // Who presents a ticket acts as who asked for it, also when the response is under way.
            Caller.SetUser(userId, null);
            return await calls.RepeatableAsync(
                (user, folderId, after), static (call, token) => call.user.ListArchiveAsync(call.folderId, call.after, token), cancellationToken);
        },
        async (fileId, cancellationToken) =>
        {
            await CheckAsync(login, cancellationToken);
            Caller.SetUser(userId, null);
            return await calls.RepeatableAsync((user, fileId), static (call, token) => call.user.OpenArchiveEntryAsync(call.fileId, token), cancellationToken);
        });

    /// <summary>Of what a link leads to, for whom an archive was counted, as long as the link is good.</summary>
    /// <exception cref="ProblemException">From <see cref="ItemsAsync"/>: the link has ended.</exception>
    public static ArchiveWalk Of(ILinkGrain link, string ticket, GrainCalls calls) => new(
        async (folderId, after, cancellationToken) =>
        {
            var page = await calls.RepeatableAsync(
                (link, ticket, folderId, after), static (call, token) => call.link.ListArchiveAsync(call.ticket, call.folderId, call.after, token), cancellationToken);
            Check(page.Refusal);
            return page;
        },
        async (fileId, cancellationToken) =>
        {
            var file = await calls.RepeatableAsync(
                (link, ticket, fileId), static (call, token) => call.link.OpenArchiveEntryAsync(call.ticket, call.fileId, token), cancellationToken);
            Check(file.Refusal);
            return file;
        });

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
            if (entry.Kind == EntryKind.Folder)
            {
                var page = await list(entry.Id, null, cancellationToken);
                if (page.Refusal is not null)
                    continue;
                var path = place.Path + place.Names.Add(entry.Name) + "/";
                way.Push(new Place(path, entry.Id, page.Entries, page.Next));
                yield return new ArchiveItem(path, entry);
            }
            else if ((await open(entry.Id, cancellationToken)).Entry is { } now)
            {
                // Under the name by which its turn came.
                yield return new ArchiveItem(place.Path + place.Names.Add(entry.Name), now);
            }
        }
    }

    /// <summary>One entry that has gone is left out; without the link all that follows would be, and the archive must not look whole.</summary>
    private static void Check(Refusal? refusal)
    {
        if (refusal is { Reason: RefusalReason.Forbidden })
            throw new ProblemException(GrainLookup.NoSuch("link"));
    }

    private static async ValueTask CheckAsync(LoginWatch? login, CancellationToken cancellationToken)
    {
        if (login is not null && !await login.IsAliveAsync(cancellationToken))
            throw new ProblemException(new Problem(ProblemTypes.Unauthorized, "The login was ended."));
    }

    /// <summary>A folder on the way down, and how far it was gone through.</summary>
    private sealed class Place(string path, string? folderId, List<ArchiveEntry> entries, string? next = null)
    {
        private List<ArchiveEntry> _entries = entries;
        private string? _next = next;
        private int _index = -1;

        public string Path => path;

        public ZipNames Names { get; } = new();

        public ArchiveEntry Current => _entries[_index];

        public async ValueTask<bool> MoveNextAsync(Func<string, string?, CancellationToken, Task<ArchivePageResult>> list, CancellationToken cancellationToken)
        {
            while (++_index >= _entries.Count)
            {
                if (_next is null)
                    return false;
                var page = await list(folderId!, _next, cancellationToken);
                (_entries, _next, _index) = (page.Entries, page.Next, -1);
            }

            return true;
        }
    }
}
