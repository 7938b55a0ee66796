namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Value types of claims whose JSON value is no simple one.</summary>
public static class JsonClaimValueTypes
{
    /// <summary>A JSON object.</summary>
    public const string Json = "JSON";

    /// <summary>A JSON array.</summary>
    public const string JsonArray = "JSON_ARRAY";

    /// <summary>The JSON value null.</summary>
    public const string JsonNull = "JSON_NULL";
}
