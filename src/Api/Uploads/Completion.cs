using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>Waits for completions, but not for ever: the work goes on without its waiter, and a repeat gets the result.</summary>
internal sealed class Completion(FrontEndLimits limits, GrainCalls calls, TimeProvider time)
{
    private const int RetryAfterSeconds = 2;

    /// <summary>Completes a session.</summary>
    /// <exception cref="ProblemException">It is not finished yet: busy.</exception>
    public async Task<EntryResult> CompleteAsync(IUploadSessionGrain session, CompleteUploadCommand command)
    {
        var work = calls.RepeatableAsync((session, command), static (call, token) => call.session.CompleteAsync(call.command, token));
        try
        {
            return await work.WaitAsync(limits.CompleteWait, time);
        }
        catch (TimeoutException) when (!work.IsCompleted)
        {
            // The grain's own record of the outcome is what a repeat reads; here nobody is left to hear of a failure.
            _ = work.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new ProblemException(
                new Problem(ProblemTypes.Busy, "The upload is being completed; repeat the request to get the result.") { RetryAfterSeconds = RetryAfterSeconds });
        }
    }
}
