using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>Verifies access tokens, each one once.</summary>
internal sealed class CachingTokenHandler(VerifiedTokens verified, SigningKeyRing keys) : JsonWebTokenHandler
{
    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) =>
        verified.Find(token, keys.Generation) ?? VerifyAsync(token, validationParameters);

    private async Task<TokenValidationResult> VerifyAsync(string token, TokenValidationParameters validationParameters)
    {
        // Read before the keys are used: a token that was verified while they changed is verified again.
        var generation = keys.Generation;
        var verdict = await base.ValidateTokenAsync(token, validationParameters);
        if (verdict.IsValid)
            verified.Add(token, verdict, generation);
        return verdict;
    }
}
