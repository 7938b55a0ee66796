using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Webhooks;

/// <summary><c>/v1/webhooks</c>.</summary>
internal static class WebhookEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/v1/webhooks").WithTags("Webhooks").RequireAuthorization().Refuses(400, 401, 429, 503);
        own.MapPost("", CreateAsync).WithSummary("Makes a webhook, to which the caller's changes are sent from now on.")
            .WithMetadata(TakesIdempotencyKey.Instance).Refuses(408, 413, 415, 422);
        own.MapGet("", ListAsync).WithSummary("The caller's webhooks.");
        own.MapPatch("/{id}", SwitchAsync).WithSummary("Disables a webhook, or enables it again, to go on where it was; may be repeated.").Refuses(404, 408, 413, 415);
        own.MapDelete("/{id}", RemoveAsync).WithSummary("Removes a webhook.").Refuses(404);
    }

    private static async Task<Results<Created<WebhookAnswer>, Problem>> CreateAsync(
        JsonBody<CreateWebhookRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        var fingerprint = IdempotencyKeys.Fingerprint(body.Value, ApiJson.Default.CreateWebhookRequest);
        var id = await IdempotencyKeys.BindAsync(context.Request, grains, calls, fingerprint, Ids.New(Ids.Webhook));
        var result = await calls.RepeatableAsync(
            (User: grains.CallingUser(), Command: new CreateWebhookCommand(id, body.Value.Url, body.Value.Secret)),
            static (call, token) => call.User.CreateWebhookAsync(call.Command, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // It holds the secret.
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/v1/webhooks/{id}", WebhookAnswer.From(result.Webhooks[0], result.Secret));
    }

    private static async Task<Results<Ok<WebhooksAnswer>, Problem>> ListAsync(IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var result = await calls.RepeatableAsync(grains.CallingUser(), static (user, token) => user.ListWebhooksAsync(token), cancellationToken);
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new WebhooksAnswer(result.Webhooks.ConvertAll(webhook => WebhookAnswer.From(webhook, null))));
    }

    private static async Task<Results<Ok<WebhookAnswer>, Problem>> SwitchAsync(string id, JsonBody<ChangeWebhookRequest> body, IGrainFactory grains, GrainCalls calls)
    {
        var result = await calls.RepeatableAsync(
            (User: grains.CallingUser(), id, body.Value.Enabled), static (call, token) => call.User.SwitchWebhookAsync(call.id, call.Enabled, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(WebhookAnswer.From(result.Webhooks[0], null));
    }

    private static async Task<Results<NoContent, Problem>> RemoveAsync(string id, IGrainFactory grains, GrainCalls calls)
    {
        // Not twice: what is gone is not found by a repeat.
        var result = await calls.OnceAsync((User: grains.CallingUser(), id), static (call, token) => call.User.DeleteWebhookAsync(call.id, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }
}
