using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Uploads;

/// <summary>
/// One upload session. Its row is loaded with the first call that needs it, which raises the epoch: what an activation
/// before this one still has in flight is not acknowledged any more. All calls but Create interleave; what they share is
/// the row in memory, changed only right after the database has changed.
/// </summary>
[GrainType("up")]
internal sealed partial class UploadSessionGrain(
    UploadRepository repository,
    PartLedger ledger,
    DirectLedger directLedger,
    IObjectStore store,
    ContentHasher hasher,
    ConflictCopies copies,
    FileRepository files,
    PossessionProofs proofs,
    IOptions<LimitsOptions> limits,
    IOptions<DirectOptions> direct,
    TimeProvider time,
    ILogger<UploadSessionGrain> logger) : Grain, IUploadSessionGrain
{
    /// <summary>Most parts in a page.</summary>
    private const int PageLengthMax = 1_000;

    /// <summary>Silence after which a part writer is taken for dead: others may write its part, and what it still sends is not acknowledged.</summary>
    private static readonly TimeSpan WriterSilenceMax = TimeSpan.FromSeconds(10);

    private readonly PartsInFlight _writes = new(time, WriterSilenceMax);
    private UploadRow? _row;
    private PartSet _acknowledged = new();
    private Task? _loading;
    private long _learnedBytes;

    /// <summary>True while the key that was intended at creation has not been handed out; only this activation can know.</summary>
    private bool _isFirstKeyFree;

    private string Id => this.GetPrimaryKeyString();

    private static UploadResult NotFound => new(Refusals.NotFound("upload session"), null);

    /// <inheritdoc/>
    public async Task<UploadResult> CreateAsync(CreateUploadCommand command, CancellationToken cancellationToken = default)
    {
        if (Caller.ActorId is not { } actor || !Ids.IsValid(Ids.Upload, Id))
            return NotFound;
        if (_row is not null)
            return await GetAgainAsync(cancellationToken);
        if (Check(command) is { } invalid)
            return new UploadResult(invalid, null);
        var (refusal, plan) = UploadPlan.Make(
            command.SizeBytes, command.PartSizeBytes, store.Profile, limits.Value, PartSizeBytesMax(command.Mode));
        if (plan is null)
            return new UploadResult(refusal, null);

        var row = NewRow(command, actor, plan);
        if (command is { FileId: { } file, ExpectedTags: { } tags })
            row = row with { ExpectedVersion = await files.FindExpectedVersionAsync(file, tags, cancellationToken) };
        var created = await WriteAsync(() => repository.CreateAsync(row, actor, EntryNames.Key(row.Name), store.Profile));
        // A repeat, or somebody else's.
        if (created.Exists)
            return await GetAgainAsync(cancellationToken);

        if (created.Refusal is not null)
        {
            DeactivateOnIdle();
            return new UploadResult(row.IsNewFile ? created.Refusal : await files.ExplainAsync(row.FileId, actor, created.Refusal), null);
        }

        _row = row with
        {
            ExpiresAt = created.ExpiresAt,
            Name = created.Name,
            OwnerId = created.OwnerId,
            UploaderId = created.OwnerId == actor ? null : actor,
        };
        _isFirstKeyFree = true;
        return new UploadResult(null, _row.ToInfo(0, [], null, null) with { Challenge = await ChallengeAsync(_row, cancellationToken) });
    }

    /// <summary>What a repeat of the creation answers.</summary>
    private async Task<UploadResult> GetAgainAsync(CancellationToken cancellationToken)
    {
        var result = await GetAsync(0, PageLengthMax, cancellationToken);
        return result.Upload is { } upload && _row is { } row
            ? result with { Upload = upload with { Challenge = await ChallengeAsync(row, cancellationToken) } }
            : result;
    }

    /// <inheritdoc/>
    public async Task<UploadResult> GetAsync(int afterPart, int limit, CancellationToken cancellationToken = default)
    {
        if (afterPart < 0 || limit is < 1 or > PageLengthMax)
            return new UploadResult(Refusals.Invalid("A limit is 1 to 1,000 and a part number 0 or more."), null);
        return await LoadForCallerAsync(orOwner: true) is { } row
            ? new UploadResult(null, await DescribeAsync(row, afterPart, limit, cancellationToken))
            : NotFound;
    }

    /// <summary>Only front ends hold a part in memory.</summary>
    private long PartSizeBytesMax(UploadMode mode) =>
        mode == UploadMode.Direct ? direct.Value.PartSizeBytesMax : limits.Value.ProxiedPartSizeBytesMax;

    private async Task<UploadInfo> DescribeAsync(UploadRow row, int afterPart, int limit, CancellationToken cancellationToken)
    {
        if (afterPart == 0)
            row = await LearnPartsAsync(row);
        var (page, received, expiresAt, file) = await repository.ReadPartsAsync(row, afterPart, limit + 1, cancellationToken);
        int? next = null;
        if (page.Count > limit)
        {
            page.RemoveAt(limit);
            next = page[^1].Number;
        }

        // Each part of a visitor's gives his session more time.
        return (row with { ExpiresAt = expiresAt }).ToInfo(received, page, next, file is null ? null : await files.AsSeenAsync(file, Caller.UserId));
    }

    private Refusal? Check(CreateUploadCommand command)
    {
        if (command.FileId is null ? EntryNames.Check(command.Name) is { } name : !Ids.IsValid(Ids.File, command.FileId))
            return command.FileId is null ? EntryNames.Check(command.Name) : Refusals.NotFound("file");
        if (command.ParentId is not null && !Ids.IsValid(Ids.File, command.ParentId))
            return Refusals.NotFound("folder");
        if (!Enum.IsDefined(command.Mode) || !Enum.IsDefined(command.OnConflict))
            return Refusals.Invalid("There is no such mode or conflict rule.");
        if (command.Mode == UploadMode.Direct && store is not IPresigningStore)
            return NoUrls;
        if (command.Mode == UploadMode.Direct && command.SizeBytes is null)
            return Refusals.Invalid("A direct upload needs a size.");
        if (store is not IMultipartStore && command.SizeBytes is null)
            return Refusals.Invalid("This store takes no uploads of unknown size.");
        if ((command.ExpectedVersion ?? command.ExpectedTags?.Length) is not null && command.FileId is null)
            return Refusals.Invalid("An expected version needs a file.");
        if (command is { ExpectedVersion: not null, ExpectedTags: not null })
            return Refusals.Invalid("The version is expected by its number or by its tag.");
        if (command.Sha256 is { } sha256 && !Checksums.IsSha256(sha256))
            return Refusals.Invalid("A SHA-256 is 64 lower-case hexadecimal digits.");
        return MediaTypes.Check(command.ContentType);
    }

    private UploadRow NewRow(CreateUploadCommand command, string owner, UploadPlan plan) => new()
    {
        Id = Id,
        // The database knows better where it is somebody else's folder or file.
        OwnerId = owner,
        State = UploadState.Open,
        Epoch = 1,
        Mode = command.Mode,
        FileId = command.FileId ?? Ids.New(Ids.File),
        IsNewFile = command.FileId is null,
        ExpectedVersion = command.ExpectedVersion,
        // The name of an existing file comes from its entry; the column is never empty meanwhile.
        Name = command.FileId is null ? command.Name! : "-",
        ParentId = command.FileId is null ? command.ParentId : null,
        OnConflict = command.OnConflict,
        ContentType = command.ContentType ?? MediaTypes.Default,
        SizeBytes = command.SizeBytes,
        PartSizeBytes = plan.PartSizeBytes,
        PartCount = plan.PartCount,
        IsMultipart = plan.IsMultipart,
        DeclaredSha256 = command.Sha256 is { } sha256 ? Convert.FromHexString(sha256) : null,
        ObjectKey = plan.PartCount == 0 ? null : ObjectKeys.NewContentKey(),
        ExpiresAt = default,
        Store = store.Profile.Name,
        Dialect = store.Profile.Dialect,
        PartCountMax = store.Profile.PartCountMax,
    };

    /// <summary>The session when it is the caller's; everybody else learns nothing, not even that it exists.</summary>
    /// <param name="orOwner">Also for the owner of what somebody else uploads.</param>
    private async Task<UploadRow?> LoadForCallerAsync(bool orOwner = false) =>
        await LoadAsync() is { } row && Caller.ActorId is { } actor && (row.ActorId == actor || (orOwner && row.OwnerId == actor)) ? row : null;

    private async Task<UploadRow?> LoadAsync()
    {
        if (_row is not null)
            return _row;
        // Interleaved calls share one load: each load raises the epoch.
        await (_loading ??= LoadOnceAsync());
        if (_row is null)
            DeactivateOnIdle();
        return _row;
    }

    private async Task LoadOnceAsync()
    {
        // First of all a yield: the field must hold this task before it ends.
        await Task.Yield();
        try
        {
            if (await repository.LoadAsync(Id) is { } loaded)
                (_row, _acknowledged) = (loaded.Row, loaded.Parts);
        }
        finally
        {
            _loading = null;
        }
    }

    /// <summary>Runs a command. When its outcome is unknown, so is the memory: it goes, and so does the activation.</summary>
    private async Task<T> WriteAsync<T>(Func<Task<T>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception exception)
        {
            UploadLog.CommandFailed(logger, Id, exception);
            Forget();
            throw;
        }
    }

    /// <summary>Drops what is in memory: the next call reads it again, under a new epoch.</summary>
    private void Forget()
    {
        _row = null;
        _acknowledged.Clear();
        _isFirstKeyFree = false;
        DeactivateOnIdle();
    }

    /// <summary>What completing an ended session answers: why it ended, where it failed. What brings more bytes hears only that it is closed.</summary>
    private static Refusal ClosedRefusal(UploadRow row) =>
        row.Failure is { } reason ? Refusals.From(reason) : Refusals.UploadClosed;
}
