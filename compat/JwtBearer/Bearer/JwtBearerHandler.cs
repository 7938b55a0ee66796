using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Net.Http.Headers;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Authenticates requests by the token in their header <c>Authorization: Bearer</c> (RFC 6750, 2.1).</summary>
public partial class JwtBearerHandler : AuthenticationHandler<JwtBearerOptions>
{
    private const string Prefix = "Bearer ";

    /// <summary>Creates the handler; the framework does so for each request.</summary>
    public JwtBearerHandler(IOptionsMonitor<JwtBearerOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : base(options, logger, encoder)
    {
    }

    /// <summary>What the application does at each step.</summary>
    protected new JwtBearerEvents Events
    {
        get => (JwtBearerEvents)base.Events!;
        set => base.Events = value;
    }

    /// <inheritdoc/>
    protected override Task<object> CreateEventsAsync() => Task.FromResult<object>(new JwtBearerEvents());

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        try
        {
            var received = new MessageReceivedContext(Context, Scheme, Options);
            await Events.MessageReceived(received);
            if (received.Result is not null)
                return received.Result;

            var token = string.IsNullOrEmpty(received.Token) ? ReadHeader() : received.Token;
            if (string.IsNullOrEmpty(token))
                return AuthenticateResult.NoResult();
            return await ValidateAsync(token);
        }
        catch (Exception e)
        {
            LogErrorProcessingMessage(Logger, e);
            var failed = new AuthenticationFailedContext(Context, Scheme, Options) { Exception = e };
            await Events.AuthenticationFailed(failed);
            if (failed.Result is not null)
                return failed.Result;
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var authenticated = await HandleAuthenticateOnceSafeAsync();
        var challenge = new JwtBearerChallengeContext(Context, Scheme, Options, properties)
        {
            AuthenticateFailure = authenticated?.Failure,
        };
        if (Options.IncludeErrorDetails && challenge.AuthenticateFailure is { } failure)
        {
            challenge.Error = "invalid_token";
            challenge.ErrorDescription = ChallengeHeader.Describe(failure);
        }

        await Events.Challenge(challenge);
        if (challenge.Handled)
            return;
        Response.StatusCode = 401;
        Response.Headers.Append(HeaderNames.WWWAuthenticate, ChallengeHeader.Create(Options.Challenge, challenge));
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        if (!Response.HasStarted)
            Response.StatusCode = 403;
        return Events.Forbidden(new ForbiddenContext(Context, Scheme, Options));
    }

    private string? ReadHeader()
    {
        // Two headers arrive joined by a comma, which no token contains.
        var header = Request.Headers.Authorization.ToString();
        return header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? header[Prefix.Length..].Trim() : null;
    }

    private async Task<AuthenticateResult> ValidateAsync(string token)
    {
        List<Exception>? failures = null;
        foreach (var handler in Options.TokenHandlers)
        {
            var result = await TryHandlerAsync(handler, token);
            if (result.IsValid)
                return await AcceptAsync(token, result);
            var failure = result.Exception ?? new SecurityTokenValidationException("The token is refused.");
            LogTokenValidationFailed(Logger, failure);
            (failures ??= []).Add(failure);
        }

        if (failures is null)
            return AuthenticateResult.Fail("There is no handler for tokens.");
        var failed = new AuthenticationFailedContext(Context, Scheme, Options)
        {
            Exception = failures.Count == 1 ? failures[0] : new AggregateException(failures),
        };
        await Events.AuthenticationFailed(failed);
        return failed.Result ?? AuthenticateResult.Fail(failed.Exception);
    }

    private async Task<TokenValidationResult> TryHandlerAsync(TokenHandler handler, string token)
    {
        try
        {
            return await handler.ValidateTokenAsync(token, Options.TokenValidationParameters);
        }
#pragma warning disable CA1031 // A handler of the application may throw anything; the token is then refused, and the next one tried.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new TokenValidationResult { Exception = e };
        }
    }

    private async Task<AuthenticateResult> AcceptAsync(string token, TokenValidationResult result)
    {
        LogTokenValidationSucceeded(Logger);
        var validated = new TokenValidatedContext(Context, Scheme, Options)
        {
            Principal = new ClaimsPrincipal(result.ClaimsIdentity),
            SecurityToken = result.SecurityToken,
        };
        validated.Properties.ExpiresUtc = OrNull(result.SecurityToken.ValidTo);
        validated.Properties.IssuedUtc = OrNull(result.SecurityToken.ValidFrom);

        await Events.TokenValidated(validated);
        if (validated.Result is not null)
            return validated.Result;
        if (Options.SaveToken)
            validated.Properties.StoreTokens([new AuthenticationToken { Name = "access_token", Value = token }]);
        validated.Success();
        return validated.Result!;
    }

    private static DateTimeOffset? OrNull(DateTime time) => time == DateTime.MinValue ? null : new DateTimeOffset(time);
}
