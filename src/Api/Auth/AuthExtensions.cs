using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>Registration of tokens.</summary>
internal static class AuthExtensions
{
    /// <summary>Adds issuing, verification and revocation of access tokens.</summary>
    public static void AddTokens(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SigningKeyRing>();
        services.AddSingleton<SigningKeySource>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton(provider => Create(provider, (options, time) => new VerifiedTokens(options.VerifiedTokensMax, options.ClockSkew, time)));
        services.AddSingleton(provider => Create(provider, (options, time) => new RevokedLogins(options.RevocationsMax, options.RevocationStaleMax, time)));
        services.AddHostedService<SigningKeyService>();
        services.AddHostedService<RevocationPoller>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AuthOptions>, SigningKeyRing, VerifiedTokens, RevokedLogins>(Configure);
        services.AddAuthorization();
    }

    private static T Create<T>(IServiceProvider provider, Func<AuthOptions, TimeProvider, T> create) =>
        create(provider.GetRequiredService<IOptions<AuthOptions>>().Value, provider.GetRequiredService<TimeProvider>());

    // RFC 8725: the algorithm, the issuer, the audience and the life of a token are pinned; keys are found by kid alone.
    private static void Configure(
        JwtBearerOptions bearer, IOptions<AuthOptions> options, SigningKeyRing keys, VerifiedTokens verified, RevokedLogins revoked)
    {
        var auth = options.Value;
        bearer.MapInboundClaims = false;
        bearer.SaveToken = false;
        bearer.IncludeErrorDetails = false;
        bearer.TokenHandlers.Clear();
        bearer.TokenHandlers.Add(new CachingTokenHandler(verified, keys) { MapInboundClaims = false, MaximumTokenSizeInBytes = 4096 });
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidIssuer = auth.Issuer,
            ValidAudience = auth.Audience,
            ClockSkew = auth.ClockSkew,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            TryAllIssuerSigningKeys = false,
            IssuerSigningKeyResolver = (_, _, kid, _) => keys.Find(kid),
            NameClaimType = JwtRegisteredClaimNames.Sub,
            RoleClaimType = TokenIssuer.RolesClaim,
        };
        bearer.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                // A token without a login could not be revoked, so it is none of ours.
                var login = context.Principal?.FindFirst(JwtRegisteredClaimNames.Sid)?.Value;
                if (login is null || revoked.Contains(login))
                    context.Fail("The login was ended.");
                return Task.CompletedTask;
            },
        };
    }
}
