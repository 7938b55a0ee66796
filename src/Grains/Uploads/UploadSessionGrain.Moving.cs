namespace GrainVault.Uploads;

/// <summary>Content whose place was lost, with the right to it or the file, finds another: also with somebody else.</summary>
internal sealed partial class UploadSessionGrain
{
    /// <summary>Makes the session one for a new file in the folder where that is somebody else's, or where its own file is gone.</summary>
    /// <param name="row">The session.</param>
    /// <param name="folder">Null for the root of who uploads.</param>
    private async Task<(Refusal? Refusal, UploadRow Row)> MoveAsync(UploadRow row, string? folder)
    {
        if (row.HasEnded)
            return (null, row);
        var (refusal, isMoved) = await WriteAsync(() => repository.MoveAsync(row, Ids.New(Ids.File), folder));
        if (!isMoved)
            return (refusal, row);
        UploadLog.Moved(logger, Id, folder ?? "root");
        // Owner, file and folder are others now.
        (_row, _acknowledged) = (null, new PartSet());
        return await LoadAsync() is { } moved ? (null, moved) : (NotFound.Refusal, row);
    }
}
