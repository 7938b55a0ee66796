using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Links;

namespace GrainVault.Api.Links;

/// <summary>Calls of visitors to the grain of a link, with the password where one is asked for.</summary>
internal sealed class LinkVisits(IGrainFactory grains, GrainCalls calls, RateLimiter limiter, GatewayInstruments instruments, ILogger<LinkVisits> logger)
{
    /// <summary>Header with the password.</summary>
    public const string PasswordHeader = "X-Link-Password";

    /// <summary>Who may keep what visitors get: nobody, since the link may end at any moment.</summary>
    public const string CacheControl = "private, no-store";

    /// <summary>Value of <c>WWW-Authenticate</c> of a 401: a token of ours would not help (RFC 9110, section 11.6.1).</summary>
    public const string Challenge = "LinkPassword";

    private static readonly object ProofItem = new();

    /// <summary>The answer to every link that is not good, whatever the reason.</summary>
    public static Problem NoSuch => GrainLookup.NoSuch("link");

    /// <summary>
    /// Runs a call with what the visitor brings, and again with the password of the header where it was refused for want of one. The
    /// password is hashed once a request, and not at all with a proof or a ticket.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="token">Token of the link, as the path has it.</param>
    /// <param name="call">The call; it changes nothing when it is refused for want of the password.</param>
    /// <param name="refusalOf">What the call refused.</param>
    /// <param name="isRepeatable">The call may run twice.</param>
    public async Task<(Problem? Problem, T? Result)> CallAsync<T>(
        HttpContext context, string token, Func<ILinkGrain, LinkPass, CancellationToken, Task<T>> call, Func<T, Refusal?> refusalOf, bool isRepeatable = true)
        where T : class
    {
        if (!LinkTokens.IsToken(token))
            return (NoSuch, null);
        var link = grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token));
        var proof = context.Items.TryGetValue(ProofItem, out var known) ? (string?)known : LinkCookie.ReadProof(context.Request);
        var pass = new LinkPass(proof, LinkTicketHeaders.Read(context.Request));
        var result = await RunAsync(link, pass, call, isRepeatable, context.RequestAborted);
        if (refusalOf(result) is { Reason: RefusalReason.BadCredentials } && context.Request.Headers[PasswordHeader] is { Count: > 0 } password)
        {
            var (problem, unlocked) = await UnlockAsync(context, token, password.ToString());
            if (problem is not null)
                return (problem, null);
            context.Items[ProofItem] = unlocked!.Proof;
            result = await RunAsync(link, pass with { Proof = unlocked.Proof }, call, isRepeatable, context.RequestAborted);
        }

        return refusalOf(result) is { } refusal ? (From(refusal), null) : (null, result);
    }

    /// <summary>Gives back what was taken of a ticket and not sent. The client may have gone; what fails here is no matter of the response.</summary>
    public async Task GiveBackAsync(string token, string ticket, long lengthBytes)
    {
        try
        {
            // A repeat would give back twice.
            await calls.OnceAsync(
                (Link: grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token)), ticket, lengthBytes),
                static (call, end) => call.Link.GiveBackAsync(call.ticket, call.lengthBytes, end));
        }
        catch (Exception exception)
        {
            logger.NotGivenBack(lengthBytes, exception);
        }
    }

    /// <summary>Tries a password; wrong ones count for the link and for the address.</summary>
    public async Task<(Problem? Problem, UnlockResult? Result)> UnlockAsync(HttpContext context, string token, string password)
    {
        if (!LinkTokens.IsToken(token))
            return (NoSuch, null);
        // Taken before the attempt and given back when the password was right: guesses that run at once all count.
        var address = context.Connection.RemoteIpAddress;
        var taken = await limiter.LinkPasswords.TakeAsync(address);
        if (!taken.IsAdmitted)
        {
            instruments.Throttled("link-password");
            RateLimitHeaders.Write(context.Response, limiter.LinkPasswords.Budget, taken);
            return (RateLimitHeaders.Refusal(taken, "There were too many wrong passwords of links from this address."), null);
        }

        // A repeat of a wrong guess would count twice.
        var result = await calls.OnceAsync(
            (Link: grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token)), password), static (call, end) => call.Link.UnlockAsync(call.password, end));
        if (result.Refusal is not { Reason: RefusalReason.BadCredentials })
            limiter.LinkPasswords.Return(address, taken);
        return result.Refusal is { } refusal ? (From(refusal), null) : (null, result);
    }

    private Task<T> RunAsync<T>(
        ILinkGrain link, LinkPass pass, Func<ILinkGrain, LinkPass, CancellationToken, Task<T>> call, bool isRepeatable, CancellationToken cancellationToken) =>
        isRepeatable
            ? calls.RepeatableAsync((link, pass, call), static (state, token) => state.call(state.link, state.pass, token), cancellationToken)
            : calls.OnceAsync((link, pass, call), static (state, token) => state.call(state.link, state.pass, token), cancellationToken);

    private static Problem From(Refusal refusal) => refusal.Reason == RefusalReason.BadCredentials
        ? new Problem(ProblemTypes.BadCredentials, refusal.Detail) { Challenge = Challenge }
        : Problem.From(refusal);
}
