using System.Net;
using GrainVault.Cluster.Tests.Load;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>
/// What was acknowledged is there, byte for byte, and sessions that were left open become files; what was deleted stays away.
/// The load stands still meanwhile.
/// </summary>
internal sealed class AcknowledgedCheck(LoadClient client)
{
    /// <summary>One in so many open sessions stays open, and lives through the next fault too.</summary>
    private const int StaysOpenOneIn = 4;

    private readonly UploadActions _actions = new(client.Http, new Traffic());

    /// <summary>Files that came back whole.</summary>
    public int FileCount { get; private set; }

    /// <summary>Acknowledged parts that their sessions still had.</summary>
    public int PartCount { get; private set; }

    /// <summary>Deleted files that are looked for in vain.</summary>
    public int GoneCount { get; private set; }

    public async Task RunAsync()
    {
        foreach (var upload in client.Uploads.Where(upload => upload is { FileId: null, UploadId: not null }))
        {
            await CheckPartsAsync(upload);
            if (Random.Shared.Next(StaysOpenOneIn) > 0)
                await _actions.FinishAsync(upload);
        }

        foreach (var upload in client.Uploads.Where(upload => upload.FileId is not null && !upload.IsSeenGone))
        {
            if (upload.IsDeleteAcknowledged)
                await CheckGoneAsync(upload);
            else
                await CheckFileAsync(upload);
        }
    }

    private async Task CheckFileAsync(Upload upload)
    {
        Assert.False(upload.IsDeleteSent);
        await _actions.DownloadAsync(upload);
        FileCount++;
    }

    private async Task CheckPartsAsync(Upload upload)
    {
        var session = (await client.Http.GetAsync($"/v1/uploads/{upload.UploadId}")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal("open", session["state"]!.GetValue<string>());
        var parts = session["parts"]!.AsArray().ToDictionary(part => part!["number"]!.GetValue<int>(), part => part!["etag"]!.GetValue<string>());
        foreach (var (number, etag) in upload.Parts)
        {
            Assert.True(parts.TryGetValue(number, out var stored), $"part {number} of {upload.Name} was acknowledged and is gone");
            Assert.Equal(etag, stored);
            PartCount++;
        }
    }

    private async Task CheckGoneAsync(Upload upload)
    {
        var answer = await client.Http.GetAsync($"/v1/files/{upload.FileId}");
        Assert.True(answer.Status == HttpStatusCode.NotFound, $"{upload.Name} was deleted and is back: {(int)answer.Status}");
        upload.IsSeenGone = true;
        GoneCount++;
    }
}
