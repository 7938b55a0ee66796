namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Names of bearer authentication (RFC 6750).</summary>
public static class JwtBearerDefaults
{
    /// <summary>Name of the scheme.</summary>
    public const string AuthenticationScheme = "Bearer";
}
