using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.TestKit.FakeS3;
using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>
/// One sequence: each step is done to the system and to a model of what its client knows. What the model can't know, since an answer
/// was lost or a silo stopped, is looked up, and must be something that may have come of it.
/// </summary>
internal sealed partial class ModelRun(ModelHost host)
{
    private static readonly CompleteUploadCommand AsSent = new(null, null, null, null, null, null);

    private static readonly TimeSpan[] Spans = [TimeSpan.FromMinutes(3), TimeSpan.FromHours(2), TimeSpan.FromHours(25), TimeSpan.FromHours(193)];

    private readonly string _user = Ids.New(Ids.User);
    private readonly List<ModelSession> _sessions = [];
    private readonly List<Task> _stuck = [];
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ModelTrouble _trouble = null!;
    private TimeSpan _now;
    private int _silo;

    private bool IsCalm => _trouble.Kind is Trouble.None or Trouble.Slow && _stuck.Count == 0;

    /// <summary>The silo that is at work, with the user's identity on all calls that follow.</summary>
    private IGrainFactory Silo
    {
        get
        {
            Caller.Set(_user, "", "model");
            return host.Silo(_silo);
        }
    }

    public static async Task RunAsync(ModelHost host, Sequence sequence)
    {
        var run = new ModelRun(host);
        var isDone = false;
        var doing = "nothing";
        try
        {
            foreach (var step in sequence.Steps)
            {
                doing = step.ToString();
                await run.StepAsync(step);
                await run.CheckAsync();
            }

            doing = "finishing";
            await run.FinishAsync();
            doing = "sweeping";
            await run.SweepAsync();
            isDone = true;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"After {doing}, {string.Join(", ", run._sessions)}: {exception.Message}", exception);
        }
        finally
        {
            await run.ReleaseAsync();
            if (!isDone)
                await host.ResetAsync();
            host.Server.Calls.Clear();
            host.Store.ClearCalls();
        }
    }

    private async Task StepAsync(Step step)
    {
        // Whoever is stopped a second time has gone on meanwhile, and so has whoever time passes by: calls of the store end in minutes.
        if (_stuck.Count > 0 && (step.Trouble is Trouble.CutBefore or Trouble.CutAfter || step.Deed is Deed.Crash or Deed.Advance))
        {
            await ReleaseAsync();
            await CheckAsync();
        }

        using (_trouble = new ModelTrouble(host, step.Trouble, step.Call, _release.Task))
        {
            if (step.Deed == Deed.Create)
                await CreateAsync(step);
            else if (step.Deed is Deed.Crash or Deed.Advance or Deed.Janitor)
                await PassAsync(step);
            else if (_sessions.Count > 0)
                await ActAsync(step, _sessions[step.Session < 0 ? Math.Max(0, _sessions.Count + step.Session) : step.Session % _sessions.Count]);
        }
    }

    private Task ActAsync(Step step, ModelSession session)
    {
        var number = session.PartCount == 0 ? 1 : (step.Part % session.PartCount) + 1;
        return step.Deed switch
        {
            Deed.Put => PutAsync(session, number, step.Variant),
            Deed.Presign => PresignAsync(session, number, step.Variant),
            Deed.Send => SendAsync(session, number, step.Variant),
            Deed.Fill => FillAsync(session, step.Part, step.Variant),
            Deed.Look => LookAsync(session),
            Deed.Complete => CompleteAsync(session, number, step.Variant),
            Deed.Abort => AbortAsync(session),
            Deed.Delete => DeleteAsync(session),
            _ => SendEventAsync(session, step.Variant),
        };
    }

    private async Task PassAsync(Step step)
    {
        switch (step.Deed)
        {
            case Deed.Crash:
                _silo = 1 - _silo;
                break;
            case Deed.Advance:
                await AgeAsync(Spans[step.Variant % Spans.Length]);
                break;
            default:
                NoteAttempts();
                await CallAsync(async () =>
                {
                    await host.RunJanitorAsync(Silo, inOrder: step.Trouble != Trouble.None);
                    return Outcome.Done;
                });
                break;
        }
    }

    private async Task AgeAsync(TimeSpan span)
    {
        await host.AgeAsync(span);
        _now += span;
    }

    private async Task CreateAsync(Step step)
    {
        var session = new ModelSession(_sessions.Count, step.Variant, step.Session, _now + TimeSpan.FromDays(7));
        var name = $"name{step.Part % 2}";
        var result = await Silo.GetGrain<IUploadSessionGrain>(session.Id).CreateAsync(new CreateUploadCommand(
            name, session.SizeBytes, "text/plain", null, session.Mode, ModelHost.PartSizeBytes, null, null,
            session.IsDeclared ? session.Sha256 : null, session.OnConflict));
        if (result.Refusal is { } refusal)
        {
            Assert.Equal(RefusalReason.NameTaken, refusal.Reason);
            Assert.True(session.OnConflict == OnConflict.Fail && await IsTakenAsync(name), "the name was free");
            return;
        }

        Assert.Equal((session.PartCount, session.SizeBytes), (result.Upload!.PartCount, result.Upload.SizeBytes));
        _sessions.Add(session);
    }

    private async Task PutAsync(ModelSession session, int number, int variant)
    {
        variant %= 3;
        var bytes = session.PartCount == 0 ? [1] : variant == 2 ? session.Bytes(number, 0)[1..] : session.Bytes(number, variant);
        var result = await RetryAsync(
            () => Silo.GetGrain<IPartWriterGrain>("w-0").WritePartAsync(new WritePartCommand(session.Id, number, new PartContent(bytes), SHA256.HashData(bytes))),
            answer => answer.Refusal);
        if (variant == 2 || session.PartCount == 0)
        {
            Assert.True(result?.Part is null, $"part {number} was taken with a wrong size");
            return;
        }

        var part = session.Parts[number - 1];
        if (result?.Part is { } stored)
        {
            Assert.False(session.HasEnded, "a closed session took a part");
            Assert.Equal(bytes.Length, stored.SizeBytes);
            part.WasProxied = true;
            // The same bytes again are not written again.
            part.MayBeLiedAbout = _trouble.Kind == Trouble.WrongETag || (part.MayBeLiedAbout && part.Possible.Contains(variant));
            // Nobody compares the ETag of a whole object again.
            part.Become(variant, isSure: session.IsWhole || !part.MayBeLiedAbout);
            return;
        }

        var reason = result?.Refusal!.Reason;
        if (reason is RefusalReason.UploadClosed)
        {
            Assert.NotEqual(UploadState.Open, await StateAsync(session));
            return;
        }

        if (reason is RefusalReason.NotFound)
        {
            Assert.True(await StateAsync(session) is null, $"{session} is there and was not found");
            return;
        }

        Assert.True(reason is null or RefusalReason.Busy or RefusalReason.Unavailable, $"{result?.Refusal}");
        Assert.True(!IsCalm, $"part {number} was refused without a reason: {result?.Refusal}");
        if (result is null)
            (part.StuckVariant, session.IsStuck) = (variant, true);
        else if (session.IsWhole)
            return;
        // Whether it was stored is not known. A whole object has a key of its own, so what was there before is there still.
        part.WasProxied = true;
        part.IsSure &= session.IsWhole || part.Possible.All(other => other == variant);
        part.Possible.Add(variant);
    }

    private async Task PresignAsync(ModelSession session, int number, int variant)
    {
        int[] numbers = variant % 2 == 0 ? [.. Enumerable.Range(1, Math.Max(session.PartCount, 1))] : [number];
        var result = await RetryAsync(
            () => Silo.GetGrain<IUploadSessionGrain>(session.Id).PresignAsync(numbers), answer => answer.Refusal);
        if (result is null)
        {
            session.IsStuck = true;
            return;
        }

        if (result.Refusal is { } refusal)
        {
            Assert.True(
                session.PartCount == 0 || !IsCalm || (refusal.Reason == RefusalReason.UploadClosed && await StateAsync(session) != UploadState.Open)
                    || (refusal.Reason == RefusalReason.NotFound && await StateAsync(session) is null),
                $"no URL without a reason: {refusal}");
            return;
        }

        Assert.Equal(numbers, result.Parts.Select(part => part.Number));
        foreach (var part in result.Parts)
        {
            var uri = new Uri(part.Url);
            var query = System.Web.HttpUtility.ParseQueryString(uri.Query);
            session.Urls.RemoveAll(url => url.Number == part.Number);
            session.Urls.Add(new ModelUrl(
                part.Number, uri.AbsolutePath[1..].Split('/', 2)[1], query["uploadId"],
                query["partNumber"] is { } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 0,
                _now + (part.ExpiresAt - DateTimeOffset.UtcNow)));
        }
    }

    /// <summary>Whoever holds a URL sends something; the store does not check how much.</summary>
    private Task SendAsync(ModelSession session, int number, int variant)
    {
        variant %= 3;
        if (session.Urls.FirstOrDefault(url => url.Number == number && url.EndsAt > _now) is not { } url)
            return Task.CompletedTask;
        var content = FakeContent.Of(variant == 2 ? session.Bytes(number, 0)[1..] : session.Bytes(number, variant));
        var part = session.Parts[number - 1];
        if (url.StoreUploadId is { } storeUploadId)
        {
            try
            {
                host.Bucket.PutPart(url.Key, storeUploadId, url.StorePartNumber, content);
            }
            catch (FakeS3Error)
            {
                // The upload is over, and so is the URL.
                return Task.CompletedTask;
            }

            if (variant == 2)
                part.Spoil();
            else
                part.Become(variant, isSure: !part.WasProxied && session.State == UploadState.Open);
            return Task.CompletedTask;
        }

        host.Bucket.Put(url.Key, content, null);
        NoteStaged(session, part, variant);
        return Task.CompletedTask;
    }

    /// <summary>A part that came through a front end goes before the staged object, and one that was taken over stays.</summary>
    private static void NoteStaged(ModelSession session, ModelPart part, int variant)
    {
        if (session.HasEnded || (part.WasProxied && part.IsSure && !session.IsStuck))
            return;
        var isOnly = !part.WasProxied && !session.MayBeTaken;
        if (variant == 2)
        {
            part.IsSure = false;
            if (isOnly)
                part.Possible.Clear();
            return;
        }

        if (isOnly)
            part.Possible.Clear();
        part.Possible.Add(variant);
        part.IsSure = true;
    }

    /// <summary>Sends all parts, through a front end or straight, mostly as they are meant to be.</summary>
    private async Task FillAsync(ModelSession session, int way, int variant)
    {
        if (way % 2 != 0)
            await PresignAsync(session, 1, 0);
        for (var number = 1; number <= session.PartCount && !_trouble.HasCut; number++)
        {
            var content = variant == number ? 1 : 0;
            await (way % 2 == 0 ? PutAsync(session, number, content) : SendAsync(session, number, content));
        }
    }

    private async Task LookAsync(ModelSession session)
    {
        var result = await CallAsync(() => Silo.GetGrain<IUploadSessionGrain>(session.Id).GetAsync(0, 1_000));
        if (result is null || session.IsGone)
            return;
        Assert.Null(result.Refusal);
        // A staged object counts when it is completed.
        if (!IsCalm || result.Upload!.State != UploadState.Open || (session.IsWhole && !session.Parts[0].WasProxied))
            return;
        var shown = result.Upload.Parts.Select(part => part.Number).ToHashSet();
        Assert.All(Enumerable.Range(1, session.PartCount).Where(number => session.Parts[number - 1].IsSure), number => Assert.Contains(number, shown));
    }

    private async Task AbortAsync(ModelSession session)
    {
        var (before, isAsked) = (session.State, session.IsAbortAsked);
        session.IsAbortAsked = true;
        var result = await CallAsync(() => Silo.GetGrain<IUploadSessionGrain>(session.Id).AbortAsync());
        if (result is null)
        {
            session.IsStuck = true;
            return;
        }

        var state = await StateAsync(session);
        if (result.Refusal is { } refusal)
        {
            Assert.True(session.IsGone || refusal.Reason == RefusalReason.UploadClosed, $"{refusal}");
            Assert.True(session.IsGone || state is UploadState.Completed or UploadState.Completing, $"a session that is {before} was not aborted: {refusal}");
            session.IsAbortAsked = isAsked;
        }
        else
        {
            Assert.True(session.IsGone || state is UploadState.Aborted or UploadState.Expired, $"a session was aborted and is {state}");
        }
    }

    private async Task DeleteAsync(ModelSession session)
    {
        if (session.FileId is null)
            return;
        var result = await CallAsync(() => Silo.GetGrain<IFileGrain>(session.FileId).DeleteAsync(permanent: true));
        Assert.Equal(session.IsDeleted ? RefusalReason.NotFound : null, result!.Refusal?.Reason);
        session.IsDeleted = true;
    }

    private async Task SendEventAsync(ModelSession session, int variant)
    {
        var mine = session.Urls.Find(url => url.StoreUploadId is null)?.Key;
        string[] keys = (variant % 4) switch
        {
            0 => mine is null ? [] : [mine],
            1 => mine is null ? [] : [mine, mine],
            2 => [Storage.ObjectKeys.NewStagingKey(), "elsewhere/thing.staged"],
            _ => [.. session.Urls.Select(url => url.Key).Concat(host.ContentKeys()).Distinct()],
        };
        NoteAttempts();
        await CallAsync(async () =>
        {
            await ModelHost.SendEventsAsync(Silo, keys);
            return Outcome.Done;
        });
    }
}
