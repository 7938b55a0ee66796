using GrainVault.Changes;

namespace GrainVault.Uploads;

/// <summary>Tells whoever watches the uploads of a user that this one has come further. Nobody waits for that, and what is lost is told with the next part.</summary>
internal sealed partial class UploadSessionGrain
{
    /// <summary>Time for which nobody is told after nobody was watching.</summary>
    private static readonly TimeSpan UnwatchedTime = TimeSpan.FromSeconds(2);

    private long? _unwatchedAt;

    private void NoteProgress(string userId, bool isEnd = false)
    {
        if (isEnd || _unwatchedAt is not { } at || time.GetElapsedTime(at) > UnwatchedTime)
            _ = TellAsync(userId);
    }

    private async Task TellAsync(string userId)
    {
        try
        {
            if (await GrainFactory.GetGrain<IProgressGrain>($"pr-{userId}").NoteAsync(Id))
                _unwatchedAt = null;
            else
                _unwatchedAt = time.GetTimestamp();
        }
        catch (Exception exception)
        {
            _unwatchedAt = time.GetTimestamp();
            UploadLog.ProgressNotTold(logger, Id, exception);
        }
    }
}
