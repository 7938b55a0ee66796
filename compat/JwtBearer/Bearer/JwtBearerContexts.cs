using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>A request came in; nothing is read yet.</summary>
public class MessageReceivedContext : ResultContext<JwtBearerOptions>
{
    /// <summary>Creates the context.</summary>
    public MessageReceivedContext(HttpContext context, AuthenticationScheme scheme, JwtBearerOptions options)
        : base(context, scheme, options)
    {
    }

    /// <summary>A token that the application found elsewhere; null: the header <c>Authorization</c> is read.</summary>
    public string? Token { get; set; }
}

/// <summary>A token was found valid.</summary>
public class TokenValidatedContext : ResultContext<JwtBearerOptions>
{
    /// <summary>Creates the context.</summary>
    public TokenValidatedContext(HttpContext context, AuthenticationScheme scheme, JwtBearerOptions options)
        : base(context, scheme, options)
    {
    }

    /// <summary>The token.</summary>
    public SecurityToken SecurityToken { get; set; } = default!;
}

/// <summary>A token was refused.</summary>
public class AuthenticationFailedContext : ResultContext<JwtBearerOptions>
{
    /// <summary>Creates the context.</summary>
    public AuthenticationFailedContext(HttpContext context, AuthenticationScheme scheme, JwtBearerOptions options)
        : base(context, scheme, options)
    {
    }

    /// <summary>Why.</summary>
    public Exception Exception { get; set; } = default!;
}

/// <summary>A known caller may not do this.</summary>
public class ForbiddenContext : ResultContext<JwtBearerOptions>
{
    /// <summary>Creates the context.</summary>
    public ForbiddenContext(HttpContext context, AuthenticationScheme scheme, JwtBearerOptions options)
        : base(context, scheme, options)
    {
    }
}

/// <summary>The caller is to be asked for a token.</summary>
public class JwtBearerChallengeContext : PropertiesContext<JwtBearerOptions>
{
    /// <summary>Creates the context.</summary>
    public JwtBearerChallengeContext(
        HttpContext context, AuthenticationScheme scheme, JwtBearerOptions options, AuthenticationProperties properties)
        : base(context, scheme, options, properties)
    {
    }

    /// <summary>Why the token was refused; null: there was none.</summary>
    public Exception? AuthenticateFailure { get; set; }

    /// <summary>Value of <c>error</c> (RFC 6750, 3.1).</summary>
    public string? Error { get; set; }

    /// <summary>Value of <c>error_description</c>.</summary>
    public string? ErrorDescription { get; set; }

    /// <summary>Value of <c>error_uri</c>.</summary>
    public string? ErrorUri { get; set; }

    /// <summary>Whether the application has written the answer.</summary>
    public bool Handled { get; private set; }

    /// <summary>Says that the application has written the answer.</summary>
    public void HandleResponse() => Handled = true;
}
