using GrainVault.Audit;
using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Accounts;

/// <summary>
/// One email address. Its turns make the attempts on one account come one after another in the whole cluster, and the
/// failed ones are counted here, whether the account exists or not.
/// </summary>
[GrainType("a")]
internal sealed class AccountGrain(
    AccountRepository repository,
    UserRepository users,
    PasswordService passwords,
    AuditLog audit,
    AuditQueue auditQueue,
    IOptions<LimitsOptions> limits,
    TimeProvider time,
    ILogger<AccountGrain> logger) : Grain, IAccountGrain
{
    private readonly FailureWindow _failures = new(limits.Value.FailedLoginCountMax, time);

    /// <inheritdoc/>
    public async Task<SignInResult> SignUpAsync(SignUpCommand command, CancellationToken cancellationToken = default)
    {
        if (Check(command) is { } invalid)
            return new SignInResult(invalid, null);
        if (await repository.FindByEmailAsync(AccountKeys.EmailKey(command.Email), cancellationToken) is { } existing)
            return await RepeatSignUpAsync(existing, command);
        if (await passwords.HashAsync(command.Password) is not { } hash)
            return new SignInResult(TooManyPasswords, null);

        var login = NewLogin();
        if (await repository.SignUpAsync(command, hash, login.Id, RefreshTokens.Hash(login.Token)) is not { } roles)
            return new SignInResult(Refusals.From(RefusalReason.EmailTaken), null);
        // Another database, perhaps. A crash before this line is harmless: whatever needs the row makes it.
        await users.EnsureAsync(command.UserId);
        await audit.AppendAsync(command.UserId, AuditNote.Of(AuditActions.SignUp, ("loginId", login.Id)), command.UserId);
        AccountLog.SignedUp(logger, command.UserId);
        return new SignInResult(null, new SignIn(command.UserId, login.Id, login.Token, roles));
    }

    /// <inheritdoc/>
    public async Task<SignInResult> LogInAsync(LogInCommand command, CancellationToken cancellationToken = default)
    {
        if (_failures.WaitSeconds is { } seconds)
        {
            GrainsMeter.LoggedIn("throttled");
            return new SignInResult(Refusals.Throttled(seconds), null);
        }

        // What no account can have gets the same answer after the same work.
        var isPossible = EmailRules.Check(command.Email) is null && command.Password is { Length: > 0 and <= PasswordRules.LengthMax };
        var account = isPossible ? await repository.FindByEmailAsync(AccountKeys.EmailKey(command.Email), cancellationToken) : null;
        var password = isPossible ? command.Password : "";
        if (await passwords.CheckAsync(account?.PasswordHash, password) is not { } check)
            return new SignInResult(TooManyPasswords, null);
        if (account is null || !check.IsRight)
        {
            _failures.Add();
            GrainsMeter.LoggedIn("refused");
            // Behind the answer, which takes as long for a user whom nobody knows.
            if (account is not null)
                auditQueue.Add(account.Id, null, new AuditNote(AuditActions.SignInFailed));
            return new SignInResult(Refusals.BadCredentials, null);
        }

        GrainsMeter.LoggedIn("accepted");
        return await StartLoginAsync(account, check.NewHash);
    }

    private static Refusal TooManyPasswords => Refusals.Busy("Too many passwords are being checked; try again.");

    private Refusal? Check(SignUpCommand command)
    {
        Invariant.That(Ids.IsValid(Ids.User, command.UserId), "the front end makes user ids");
        if (EmailRules.Check(command.Email) is { } email)
            return email;
        Invariant.That(AccountKeys.GrainKey(command.Email) == this.GetPrimaryKeyString(), "the call reached the account of its address");
        return EmailRules.CheckDisplayName(command.DisplayName) ?? PasswordRules.Check(command.Password, command.Email);
    }

    /// <summary>The same command again, after an answer was lost: the account is there, and gets another login.</summary>
    private async Task<SignInResult> RepeatSignUpAsync(AccountRow existing, SignUpCommand command)
    {
        if (existing.Id != command.UserId)
            return new SignInResult(Refusals.From(RefusalReason.EmailTaken), null);
        if (await passwords.CheckAsync(existing.PasswordHash, command.Password) is not { } check)
            return new SignInResult(TooManyPasswords, null);
        return check.IsRight
            ? await StartLoginAsync(existing, check.NewHash)
            : new SignInResult(Refusals.From(RefusalReason.EmailTaken), null);
    }

    private async Task<SignInResult> StartLoginAsync(AccountRow account, string? newHash)
    {
        var login = NewLogin();
        await repository.StartLoginAsync(account, login.Id, RefreshTokens.Hash(login.Token), newHash);
        // Before the answer: nobody gets a token of which the audit does not know.
        await audit.AppendAsync(account.Id, AuditNote.Of(AuditActions.SignIn, ("loginId", login.Id)), account.Id);
        return new SignInResult(null, new SignIn(account.Id, login.Id, login.Token, account.Roles));
    }

    private static (string Id, string Token) NewLogin()
    {
        var id = Ids.New(Ids.Login);
        return (id, RefreshTokens.New(id));
    }
}
