using GrainVault.Api.Cluster;
using GrainVault.Silo.Options;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
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
        var auth = builder.AddGrainVaultOptions<AuthOptions>(AuthOptions.Section);
        SigningKeySource.RefuseNoKeys(auth, builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SigningKeyRing>();
        services.AddSingleton<SigningKeySource>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton(provider => new VerifiedTokens(auth.VerifiedTokensMax, auth.ClockSkew, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new RevokedLogins(auth.RevocationsMax, auth.RevocationStaleMax, RevocationPoller.PauseMax, provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<SigningKeyService>();
        services.AddHostedService<RevocationPoller>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<AuthOptions, SigningKeyRing, VerifiedTokens, RevokedLogins>(Configure);
        services.AddAuthorization();
    }

    // RFC 8725: the algorithm, the issuer, the audience and the life of a token are pinned; keys are found by kid alone.
    private static void Configure(
        JwtBearerOptions bearer, AuthOptions auth, SigningKeyRing keys, VerifiedTokens verified, RevokedLogins revoked)
    {
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
            OnMessageReceived = DashboardSession.ReadToken,
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
