using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Options of <see cref="JwtBearerHandler"/>. Keys come from <see cref="TokenValidationParameters"/>; there is no discovery.</summary>
public class JwtBearerOptions : AuthenticationSchemeOptions
{
    private readonly JsonWebTokenHandler _defaultHandler = new() { MapInboundClaims = true };

    /// <summary>Creates options with one <see cref="JsonWebTokenHandler"/>.</summary>
    public JwtBearerOptions() => TokenHandlers = [_defaultHandler];

    /// <summary>The audience, unless <see cref="TokenValidationParameters.ValidAudience"/> says one.</summary>
    public string? Audience { get; set; }

    /// <summary>Start of the header <c>WWW-Authenticate</c>. Default: <c>Bearer</c>.</summary>
    public string Challenge { get; set; } = JwtBearerDefaults.AuthenticationScheme;

    /// <summary>What the application does at each step.</summary>
    public new JwtBearerEvents Events
    {
        get => (JwtBearerEvents)base.Events!;
        set => base.Events = value;
    }

    /// <summary>Whether the challenge says what is wrong with a token. Default: true.</summary>
    public bool IncludeErrorDetails { get; set; } = true;

    /// <summary>Whether the default handler gives claims their long .NET names. Default: true.</summary>
    public bool MapInboundClaims
    {
        get => _defaultHandler.MapInboundClaims;
        set => _defaultHandler.MapInboundClaims = value;
    }

    /// <summary>Whether the token is kept as <c>access_token</c> in the authentication properties. Default: true.</summary>
    public bool SaveToken { get; set; } = true;

    /// <summary>The handlers, tried in order until one takes the token.</summary>
    public IList<TokenHandler> TokenHandlers { get; }

    /// <summary>What a token must satisfy.</summary>
    public TokenValidationParameters TokenValidationParameters { get; set; } = new();
}
