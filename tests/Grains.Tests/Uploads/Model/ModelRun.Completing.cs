using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>Calls that may be cut off, completions, and what may come of them.</summary>
internal sealed partial class ModelRun
{
    /// <summary>How often a client comes back that was told to: a session that moved says so once for each of its memories.</summary>
    private const int RetryCountMax = 3;

    /// <summary>Claims of a completion: none, the true ETags, a wrong one.</summary>
    private const int WrongClaim = 2;

    /// <summary>Makes a call. Null when the silo was stopped under it: then the other one is at work.</summary>
    private async Task<T?> CallAsync<T>(Func<Task<T>> call)
        where T : class
    {
        var task = call();
        if (!_trouble.IsCut)
            return await task;
        await Task.WhenAny(task, _trouble.Reached);
        if (!_trouble.Reached.IsCompleted)
            return await task;
        _stuck.Add(task);
        _silo = 1 - _silo;
        host.Count("stopped silo");
        return null;
    }

    /// <summary>Makes a call again when it is told to come back and nothing is wrong that would last.</summary>
    private async Task<T?> RetryAsync<T>(Func<Task<T>> call, Func<T, Refusal?> refusalOf)
        where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await CallAsync(call);
            if (result is null || refusalOf(result)?.Reason != RefusalReason.Busy || _trouble.Kind is not (Trouble.None or Trouble.Slow) || attempt == RetryCountMax)
                return result;
        }
    }

    /// <summary>The stopped silo goes on; what comes of its work is as late as it can be.</summary>
    private async Task ReleaseAsync()
    {
        _release.TrySetResult();
        foreach (var task in _stuck)
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stuck.Clear();
        _release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var session in _sessions)
        {
            session.IsStuck = false;
            foreach (var part in session.Parts)
                part.StuckVariant = null;
        }
    }

    private Task CompleteAsync(ModelSession session, int number, int claim) => CompleteAsync(session, number, claim % 3, AsSent);

    private async Task<EntryResult?> CompleteAsync(ModelSession session, int number, int claim, CompleteUploadCommand command)
    {
        var before = session.State;
        var (wasSure, couldBe) = (session.AreAllSure, session.CanBeWhole);
        if (claim != 0 && session.PartCount > 0)
            command = command with { Parts = ClaimsOf(session, number, claim == WrongClaim) };
        session.IsCompletionAsked = true;
        NoteAttempt(session);
        var result = await RetryAsync(
            () => Silo.GetGrain<IUploadSessionGrain>(session.Id).CompleteAsync(command), answer => answer.Refusal);
        if (result is null)
        {
            session.IsStuck = true;
            return null;
        }

        if (result.Entry is not null)
        {
            Assert.True(before == UploadState.Completed || couldBe, "a file was made of parts that are not there");
            // Who comes while an event's work is under way hears what comes of that.
            Assert.False(
                claim == WrongClaim && before == UploadState.Open && IsCalm && session is { PartCount: > 0, MayCompleteByItself: false }, "a wrong claim was completed");
            return result;
        }

        await ExplainAsync(session, before, wasSure && claim != WrongClaim, number, claim, result.Refusal!);
        return result;
    }

    private static List<PartTag> ClaimsOf(ModelSession session, int number, bool isWrong)
    {
        var claims = new List<PartTag>();
        for (var i = 1; i <= session.PartCount; i++)
        {
            var part = session.Parts[i - 1];
            if (isWrong && i == number)
                claims.Add(new PartTag(i, "ffffffffffffffffffffffffffffffff"));
            else if (part is { IsSure: true, MayBeLiedAbout: false, Possible.Count: 1 })
                claims.Add(new PartTag(i, $"\"{session.ETag(i, part.Possible.Single())}\""));
        }

        return claims;
    }

    /// <summary>A refusal must have a reason that the client can know of.</summary>
    private async Task ExplainAsync(ModelSession session, UploadState before, bool wasSure, int number, int claim, Refusal refusal)
    {
        var parts = refusal.Parts ?? [];
        host.Count($"completion refused: {refusal.Reason}");
        switch (refusal.Reason)
        {
            case RefusalReason.InvalidPart or RefusalReason.MissingParts when _trouble.Kind == Trouble.Lag:
                // What the store denies to have leaves the ledger, and its client is told so.
                foreach (var part in parts)
                    session.Parts[part - 1].IsSure = false;
                return;
            case RefusalReason.InvalidPart or RefusalReason.MissingParts:
                Assert.NotEmpty(parts);
                Assert.All(parts, part => Assert.True(
                    !session.Parts[part - 1].IsSure || (claim == WrongClaim && part == number), $"acknowledged part {part} is lost: {refusal.Reason}"));
                // A wrong claim is refused by the ledger alone: what the store said of that part is still believed.
                foreach (var part in parts.Where(part => claim != WrongClaim || part != number))
                    session.Parts[part - 1].MayBeLiedAbout = false;
                return;
            case RefusalReason.NameTaken:
                Assert.Equal(OnConflict.Fail, session.OnConflict);
                Assert.True(await IsTakenAsync(await NameAsync(session)), "the name was free");
                return;
            case RefusalReason.ChecksumMismatch:
                Assert.True(session.CanDifferFromDeclared, "what was announced was sent, and refused");
                return;
            case RefusalReason.UploadClosed:
                Assert.True(session.IsGone || await StateAsync(session) is UploadState.Aborted or UploadState.Expired, $"a session that is {before} was closed");
                return;
            case RefusalReason.NotFound:
                Assert.True(session.IsGone || session.IsDeleted, "the session or its file is not there");
                return;
            case RefusalReason.Busy or RefusalReason.Unavailable:
                Assert.False(IsCalm, $"all {(wasSure ? "acknowledged" : "sent")} and refused: {refusal}");
                return;
            default:
                Assert.Fail($"{refusal}");
                return;
        }
    }

    /// <summary>Whoever looks for staged objects may take them over, and be stopped before it shows.</summary>
    private static void NoteAttempt(ModelSession session) =>
        session.MayBeTaken |= session.IsWhole && session.Urls.Count > 0 && session.Parts[0].Possible.Count > 0;

    /// <summary>The same of everybody who was told of a staged object, and has it completed.</summary>
    private void NoteAttempts()
    {
        foreach (var session in _sessions)
        {
            NoteAttempt(session);
            session.MayCompleteByItself |= session.IsWhole && session.Urls.Count > 0;
        }
    }

    /// <summary>
    /// The client comes back to everything that is not finished, sends what it was not told to be there, and completes it. Every
    /// second session is left to its end instead.
    /// </summary>
    private async Task FinishAsync()
    {
        await ReleaseAsync();
        await CheckAsync();
        using (_trouble = new ModelTrouble(host, Trouble.None, 0, _release.Task))
        {
            for (var i = 0; i < _sessions.Count; i++)
            {
                if (!_sessions[i].HasEnded && !_sessions[i].IsGone && i % 2 == 0)
                    await FinishAsync(_sessions[i]);
                await CheckAsync();
            }
        }
    }

    private async Task FinishAsync(ModelSession session)
    {
        var command = AsSent with { Name = $"finished {session.Id}" };
        for (var attempt = 1; attempt <= RetryCountMax; attempt++)
        {
            for (var number = 1; number <= session.PartCount && session.State == UploadState.Open; number++)
            {
                if (!session.Parts[number - 1].IsSure)
                    await PutAsync(session, number, 0);
            }

            var result = await CompleteAsync(session, 1, 0, command);
            await CheckAsync();
            if (result!.Entry is not null || result.Refusal!.Reason == RefusalReason.ChecksumMismatch)
                return;
            // What a late write had replaced is sent again.
            Assert.True(result.Refusal.Reason == RefusalReason.InvalidPart, $"{session} can't be finished: {result.Refusal}");
        }

        Assert.Fail($"{session} can't be finished");
    }
}
