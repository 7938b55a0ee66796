using GrainVault.Audit;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainVault.Accounts;

/// <summary>One login. Rotation is a single conditional statement, so it holds no state of its own.</summary>
[GrainType("l")]
internal sealed class LoginGrain(AccountRepository repository, AuditLog audit, ILogger<LoginGrain> logger) : Grain, ILoginGrain
{
    private string Id => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<SignInResult> RefreshAsync(string refreshToken, CancellationToken cancellationToken = default)
    {
        if (!Ids.IsValid(Ids.Login, Id) || !RefreshTokens.IsWellFormed(Id, refreshToken))
        {
            DeactivateOnIdle();
            return new SignInResult(Refusals.BadCredentials, null);
        }

        var next = RefreshTokens.New(Id);
        if (await repository.RotateAsync(Id, RefreshTokens.Hash(refreshToken), RefreshTokens.Hash(next)) is { } owner)
            return new SignInResult(null, new SignIn(owner.UserId, Id, next, owner.Roles));

        // RFC 9700, section 4.14.2: one of the two who hold a token of this family is not its owner.
        if (await repository.EndLoginAsync(Id, ownerId: null) is { } account)
        {
            AccountLog.TokenReused(logger, Id);
            await audit.AppendAsync(account, AuditNote.Of(AuditActions.TokenReused, ("loginId", Id)));
        }

        DeactivateOnIdle();
        return new SignInResult(Refusals.BadCredentials, null);
    }

    /// <inheritdoc/>
    public async Task<bool> IsAliveAsync(CancellationToken cancellationToken = default)
    {
        var isAlive = Ids.IsValid(Ids.Login, Id) && await repository.IsLoginAliveAsync(Id, cancellationToken);
        if (!isAlive)
            DeactivateOnIdle();
        return isAlive;
    }

    /// <inheritdoc/>
    public async Task<Outcome> EndAsync(CancellationToken cancellationToken = default)
    {
        if (Caller.UserId is not { } user)
            return new Outcome(Refusals.NotFound("login"));
        if (await repository.EndLoginAsync(Id, user) is not null)
            await audit.AppendAsync(user, AuditNote.Of(AuditActions.SignOut, ("loginId", Id)));
        DeactivateOnIdle();
        return Outcome.Done;
    }
}
