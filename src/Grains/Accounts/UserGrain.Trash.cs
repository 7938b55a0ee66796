using GrainVault.Files;

namespace GrainVault.Accounts;

/// <summary>
/// Emptying the trash. That it is wanted is written down first, with the time, so that the janitor goes on where a request ends or a
/// process dies; what comes to the trash later stays.
/// </summary>
internal sealed partial class UserGrain
{
    /// <summary>Calls to grains of removed files that are under way at once.</summary>
    private const int ForgetCountMax = 50;

    /// <summary>Time after which a call leaves the rest to the janitor.</summary>
    private static readonly TimeSpan EmptyTimeMax = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<EmptiedResult> EmptyTrashAsync(CancellationToken cancellationToken = default)
    {
        if (!IsOwner)
            return new EmptiedResult(NotFound, 0, false);
        await trash.BeginAsync(Id);
        return await GoOnEmptyingAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<EmptiedResult> GoOnEmptyingAsync(CancellationToken cancellationToken = default)
    {
        var start = time.GetTimestamp();
        var count = 0;
        while (time.GetElapsedTime(start) < EmptyTimeMax)
        {
            var listed = await trash.ListAsync(Id);
            if (listed.Count == 0)
                return new EmptiedResult(null, count, true);
            var files = listed.Where(entry => !entry.IsFolder).Select(entry => entry.Id).ToArray();
            // Hidden by now: what their grains read anew is nothing, so that nothing of them is remembered afterwards.
            foreach (var some in files.Chunk(ForgetCountMax))
                await Task.WhenAll(some.Select(id => GrainFactory.GetGrain<IFileGrain>(id).ForgetAsync(CancellationToken.None)));
            await trash.PurgeAsync(Id, files);
            count += files.Length;
            foreach (var folder in listed.Where(entry => entry.IsFolder))
            {
                if (time.GetElapsedTime(start) >= EmptyTimeMax)
                    break;
                count += await GrainFactory.GetGrain<IFileGrain>(folder.Id).ExpireTrashAsync(folder.TrashedAt, CancellationToken.None);
            }
        }

        return new EmptiedResult(null, count, false);
    }
}
