using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Accounts;

/// <summary>
/// One email address: signs up, logs in, and counts failed logins for the whole cluster, since one activation serves all
/// front ends. Key: <see cref="AccountKeys.GrainKey"/>.
/// </summary>
[Alias("gv.IAccountGrain")]
public interface IAccountGrain : IGrainWithStringKey
{
    /// <summary>Creates the account and its first login. Refusals: EmailTaken, WeakPassword, Invalid, Busy.</summary>
    [Alias("SignUp"), ResponseTimeout("00:00:30")]
    Task<SignInResult> SignUpAsync(SignUpCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Checks the password and starts a login. Refusals: BadCredentials (after the same work for an unknown user),
    /// Throttled, Busy.
    /// </summary>
    [Alias("LogIn"), ResponseTimeout("00:00:30")]
    Task<SignInResult> LogInAsync(LogInCommand command, CancellationToken cancellationToken = default);
}

/// <summary>One signed-in client and its family of refresh tokens (RFC 9700, section 4.14.2). Key: <c>l-&lt;uuid&gt;</c>.</summary>
[Alias("gv.ILoginGrain")]
public interface ILoginGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes a refresh token and gives the next one. A token that was used before ends the whole family. Refusal:
    /// BadCredentials.
    /// </summary>
    [Alias("Refresh")]
    Task<SignInResult> RefreshAsync(string refreshToken, CancellationToken cancellationToken = default);

    /// <summary>Whether the login is neither ended nor over, by the ledger.</summary>
    [ReadOnly, Alias("IsAlive")]
    Task<bool> IsAliveAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the login; its access tokens stop working in every process within 5 s. A repeat does nothing.</summary>
    [Alias("End")]
    Task<Outcome> EndAsync(CancellationToken cancellationToken = default);
}

/// <summary>Logins that were ended while access tokens of theirs may still be alive; every front end polls it. Keys: <c>r-0</c>.</summary>
[Alias("gv.IRevocationGrain")]
public interface IRevocationGrain : IGrainWithStringKey
{
    /// <summary>Logins ended after <paramref name="since"/>, oldest first, at most 10,000.</summary>
    /// <param name="since">The <see cref="RevocationPage.Until"/> of the last page; null for all that still matter.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("List")]
    Task<RevocationPage> ListAsync(DateTimeOffset? since, CancellationToken cancellationToken = default);
}
