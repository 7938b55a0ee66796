namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Names of header parameters (RFC 7515, 4.1).</summary>
public struct JwtHeaderParameterNames
{
    /// <summary>Algorithm.</summary>
    public const string Alg = "alg";

    /// <summary>Identifier of the key.</summary>
    public const string Kid = "kid";

    /// <summary>Type.</summary>
    public const string Typ = "typ";

    /// <summary>Extensions that a reader must understand. None is understood here.</summary>
    internal const string Crit = "crit";
}
