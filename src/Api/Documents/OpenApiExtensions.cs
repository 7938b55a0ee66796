using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using GrainVault.Api.Auth;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;

namespace GrainVault.Api.Documents;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
internal static class OpenApiExtensions
{
    private const string SchemeName = "bearer";
    private const string Bytes = "application/octet-stream";

    /// <summary>Adds the document.</summary>
    public static void AddApiDocument(this WebApplicationBuilder builder) => builder.Services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            DescribeValue(schema, context.JsonTypeInfo.Type);
            DescribeAbsence(schema, context.JsonTypeInfo);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            AddSecurity(operation, metadata, context.Document);
            AddContent(operation, metadata);
            AddHeaders(operation, metadata);
            return Task.CompletedTask;
        });
    });

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "GrainVault",
            Version = "1",
            Description = "Upload in parts, resume after any cut, download with ranges. Every error is application/problem+json with a stable type.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[SchemeName] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "The accessToken of signup, login or refresh.",
        };
    }

    // Our converters say nothing about what they write.
    private static void DescribeValue(OpenApiSchema schema, Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(value).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))];
        }
        else if (value == typeof(DateTimeOffset))
        {
            schema.Type = JsonSchemaType.String;
            schema.Format = "date-time";
        }
        else if (value == typeof(GivenText))
        {
            schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
        }
    }

    // A member of an answer that is null is left out, except the parent of what stands at the root.
    private static void DescribeAbsence(OpenApiSchema schema, JsonTypeInfo type)
    {
        if (schema.Required is null || !type.Type.Name.EndsWith("Answer", StringComparison.Ordinal))
            return;
        foreach (var property in type.Properties)
        {
            if (property.IsGetNullable && property.Name != "parentId")
                schema.Required.Remove(property.Name);
        }
    }

    private static void AddSecurity(OpenApiOperation operation, IList<object> metadata, OpenApiDocument? document)
    {
        var isRequired = metadata.OfType<IAuthorizeData>().Any();
        if (!isRequired && !metadata.OfType<TokenOptional>().Any())
            return;
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeName, document)] = [] }];
        if (!isRequired)
            operation.Security.Add([]);
    }

    private static void AddContent(OpenApiOperation operation, IList<object> metadata)
    {
        if (metadata.OfType<BytesBody>().Any())
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = "The bytes as they are.",
                Content = new Dictionary<string, OpenApiMediaType> { [Bytes] = BytesType() },
            };
        }

        if (metadata.OfType<ZipBytesAnswer>().Any())
        {
            operation.Responses ??= [];
            operation.Responses["200"] = new OpenApiResponse
            {
                Description = "The archive, of a length that is not known before.",
                Content = new Dictionary<string, OpenApiMediaType> { ["application/zip"] = BytesType() },
            };
        }

        if (!metadata.OfType<BytesAnswer>().Any())
            return;
        operation.Responses ??= [];
        if (!operation.Responses.TryGetValue("200", out var ok) || ok is not OpenApiResponse { Content: not null } whole)
            operation.Responses["200"] = whole = new OpenApiResponse { Description = "The bytes.", Content = new Dictionary<string, OpenApiMediaType>() };
        whole.Content![Bytes] = BytesType();
        operation.Responses["206"] = new OpenApiResponse
        {
            Description = "One range, or several as multipart/byteranges.",
            Content = new Dictionary<string, OpenApiMediaType> { [Bytes] = BytesType(), ["multipart/byteranges"] = BytesType() },
        };
        operation.Responses["304"] = new OpenApiResponse { Description = "Not modified." };
    }

    private static void AddHeaders(OpenApiOperation operation, IList<object> metadata)
    {
        var names = new List<string>();
        if (metadata.OfType<BytesBody>().Any())
            names.AddRange(["Content-MD5", "Content-Digest", "Repr-Digest", "X-Checksum-Sha256"]);
        if (metadata.OfType<BytesAnswer>().Any())
            names.AddRange(["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"]);
        if (metadata.OfType<TakesIdempotencyKey>().Any())
            names.Add(Uploads.IdempotencyKeys.Header);
        if (metadata.OfType<TakesLinkPassword>().Any())
            names.Add(Links.LinkVisits.PasswordHeader);
        if (metadata.OfType<TakesDownloadTicket>().Any())
            names.Add(Links.LinkTicketHeaders.Header);
        if (metadata.OfType<TakesUploadSecret>().Any())
            names.Add(Links.DropBoxEndpoints.SecretHeader);
        if (metadata.OfType<TakesIfMatch>().Any())
            names.Add("If-Match");
        operation.Parameters ??= [];
        foreach (var name in names)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Header,
                Required = false,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
    }

    private static OpenApiMediaType BytesType() => new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
}
