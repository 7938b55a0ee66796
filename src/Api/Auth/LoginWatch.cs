using System.Globalization;
using System.Security.Claims;
using GrainVault.Accounts;
using GrainVault.Api.Gateway;
using Microsoft.IdentityModel.JsonWebTokens;

namespace GrainVault.Api.Auth;

/// <summary>
/// Whether a login still counts, for a response that takes longer than the check of a token at its beginning. While the token would be taken,
/// it is decided as for any request, from memory. A login may outlive its token, and what was ended is forgotten once no token of it can
/// be alive: then the ledger is asked.
/// </summary>
/// <param name="loginId">The login.</param>
/// <param name="tokenExpiresAt">Until when its token is good; the beginning of time for none.</param>
/// <param name="revoked">Logins that were ended.</param>
/// <param name="isInLedger">Asks the ledger whether the login is alive.</param>
/// <param name="time">Clock.</param>
internal sealed class LoginWatch(
    string loginId, DateTimeOffset tokenExpiresAt, RevokedLogins revoked, Func<CancellationToken, Task<bool>> isInLedger, TimeProvider time)
{
    /// <summary>How long an answer of the ledger counts.</summary>
    private static readonly TimeSpan AnswerAge = TimeSpan.FromSeconds(1);

    private long? _answeredAt;

    /// <summary>The login of a token that was checked already.</summary>
    public static LoginWatch Of(ClaimsPrincipal user, RevokedLogins revoked, IGrainFactory grains, GrainCalls calls, TimeProvider time) =>
        Of(LoginIdOf(user)!, ExpiryOf(user), revoked, grains, calls, time);

    /// <summary>A login by its id.</summary>
    public static LoginWatch Of(
        string loginId, DateTimeOffset tokenExpiresAt, RevokedLogins revoked, IGrainFactory grains, GrainCalls calls, TimeProvider time)
    {
        var login = grains.GetGrain<ILoginGrain>(loginId);
        return new LoginWatch(
            loginId, tokenExpiresAt, revoked, cancellationToken => calls.RepeatableAsync(login, static (login, token) => login.IsAliveAsync(token), cancellationToken), time);
    }

    /// <summary>The login that a token is of; null when it names none.</summary>
    public static string? LoginIdOf(ClaimsPrincipal user) => user.FindFirst(JwtRegisteredClaimNames.Sid)?.Value;

    /// <summary>When a token ends; the beginning of time when it does not say.</summary>
    public static DateTimeOffset ExpiryOf(ClaimsPrincipal user) =>
        long.TryParse(user.FindFirst(JwtRegisteredClaimNames.Exp)?.Value, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.MinValue;

    /// <summary>False once the login was ended: by its user, a changed password, a stolen refresh token or its time.</summary>
    public async ValueTask<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        if (revoked.Contains(loginId))
            return false;
        if (revoked.IsReliable && time.GetUtcNow() < tokenExpiresAt)
            return true;
        if (_answeredAt is { } answered && time.GetElapsedTime(answered) < AnswerAge)
            return true;
        var asked = time.GetTimestamp();
        if (!await isInLedger(cancellationToken))
            return false;
        _answeredAt = asked;
        return true;
    }
}
